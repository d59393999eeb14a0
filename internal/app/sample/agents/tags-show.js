// Version 1.24 and native: prints the tags of every socket.
//
// Before: open /services/main_ws_service?X-StatefulSocketId=123 and send
// {"socket_action": "init_socket", "socket_type": "ws_group", "socket_tags": [{"name": "is_person", "value": "1"}]}

var xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
var aSockets = xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' ).ToArray();

for ( oSocket in aSockets )
{
	alert( oSocket.Key );
	for ( oTag in oSocket.Value.Tags )
	{
		alert( oTag.Key + ': ' + oTag.Value );
	}
}
