// Version 1.24 and native: sends a message to the sockets with the tag socket_type = ws_group,
// found by looking at all tags.
//
// Before: open two connections to /services/main_ws_service and send from one
// {"socket_action": "init_socket", "socket_type": "ws_group"}

var xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
var aSockets = xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' ).ToArray();

for ( oSocket in aSockets )
{
	oTag = ArrayOptFind( oSocket.Value.Tags, "This.Key == 'socket_type' && This.Value == 'ws_group'" );
	if ( oTag != undefined )
	{
		alert( oSocket.Key );
		xHttpStaticAssembly.CallClassStaticMethod(
			'Datex.XHTTP.WebSocketContext',
			'WriteToWebSocketMessageQueue',
			[ oSocket.Key, 'Сообщение группе ws_group', false ]
		);
	}
}
