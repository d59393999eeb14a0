// Version 1.24 and native: sends a message to the sockets with the tag socket_type = ws_group,
// found by a filter.
//
// Before: open /services/main_ws_service with X-StatefulSocketId=111, 222 and 333, and send from
// the first two
// {"socket_action": "init_socket", "socket_type": "ws_group", "socket_tags": [{"name": "is_person", "value": "1"}]}

var xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
var aSockets = xHttpStaticAssembly.CallClassStaticMethod(
	'Datex.XHTTP.WebSocketContext',
	'GetWebSockets',
	[ '$socket_type:ws_group', true ]
).ToArray();

for ( oSocket in aSockets )
{
	alert( oSocket.Key );
	xHttpStaticAssembly.CallClassStaticMethod(
		'Datex.XHTTP.WebSocketContext',
		'WriteToWebSocketMessageQueue',
		[ oSocket.Key, 'Сообщение группе ws_group', false ]
	);
}
