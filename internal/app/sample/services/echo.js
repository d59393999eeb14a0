// The smallest socket service: sends back what it gets. Served at /services/echo.

function open( context )
{
	write( context, 'hello ' + Request.Session.Env.curUserID );
}

function process( context )
{
	write( context, message );
}

function close( context )
{
	alert( context.WebSocketCurrentId + ' closed with ' + context.CloseCode );
}

function write( context, sText )
{
	xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
	xHttpStaticAssembly.CallClassStaticMethod(
		'Datex.XHTTP.WebSocketContext',
		'WriteToWebSocketMessageQueue',
		[ RValue( context.WebSocketCurrentId ), sText, false ]
	);
}
