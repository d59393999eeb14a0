// A room where everybody hears everybody. Served at /services/chat.
//
// Clients send {"name": "Anna", "text": "hello"} and get {"from": "Anna", "text": "hello"}.

/** @type {ServiceHooks['open']} */
function open( context )
{
	alert( 'joined: ' + context.WebSocketCurrentId );
}

/** @type {ServiceHooks['process']} */
function process( context )
{
	var oMessage;
	try
	{
		oMessage = ParseJson( message );
	}
	catch ( err )
	{
		return answer( context, { error: 'This is not JSON.' } );
	}
	var sText = Trim( String( oMessage.GetOptProperty( 'text', '' ) ) );
	if ( sText == '' ) return answer( context, { error: 'The message has no text.' } );

	var sName = String( oMessage.GetOptProperty( 'name', 'somebody' ) );
	context.WebSocketCurrent.AddOrUpdateTag( 'name', sName );
	tools.call_code_library_method( 'libChat', 'say', [ sName, sText ] );
}

/** @type {ServiceHooks['close']} */
function close( context )
{
	alert( 'left: ' + context.WebSocketCurrentId );
}

function answer( context, oAnswer )
{
	var oAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
	oAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ RValue( context.WebSocketCurrentId ), EncodeJson( oAnswer ), false ] );
}
