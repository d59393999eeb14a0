// RemoveTag: takes the tag socket_type from every socket.
//
// Before: open a connection and send
// {"socket_action": "init_socket", "socket_type": "ws_group"}

var xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
for ( oSocket in xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' ).ToArray() )
{
	alert( 'before: ' + tags_of( oSocket.Value ) );
	alert( oSocket.Value.RemoveTag( 'socket_type' ) ? 'removed' : 'there was none' );
	alert( 'after: ' + tags_of( oSocket.Value ) );
}

function tags_of( oWebSocket )
{
	return ArrayMerge( oWebSocket.Tags, "This.Key + ': ' + This.Value", ', ' );
}
