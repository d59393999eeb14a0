// Sends a greeting to every open socket, whatever its service.
//
// Before: open one connection or more, for example to /services/main_ws_service and to
// /services/rtk_ws_service.

var xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
var aSockets = xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' ).ToArray();

for ( i = 0; i < aSockets.length; i++ )
{
	xHttpStaticAssembly.CallClassStaticMethod(
		'Datex.XHTTP.WebSocketContext',
		'WriteToWebSocketMessageQueue',
		[ aSockets[i].Key, 'Привет, ' + aSockets[i].Key + '!', true ]
	);
}
alert( 'Sent to ' + aSockets.length + ' sockets' );
