// GetTag: prints one tag of every socket; null where it is absent.
//
// Before: open a connection and send
// {"socket_action": "init_socket", "socket_type": "ws_group"}

var xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
for ( oSocket in xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' ).ToArray() )
{
	sType = oSocket.Value.GetTag( 'socket_type' );
	alert( oSocket.Key + ': ' + ( sType == null ? 'no tag socket_type' : sType ) );
}
