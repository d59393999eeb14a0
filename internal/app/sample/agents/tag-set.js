// AddOrUpdateTag: adds a tag to every socket and changes another.
//
// Before: open a connection and send
// {"socket_action": "init_socket", "socket_type": "ws_group"}

var xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
for ( oSocket in xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' ).ToArray() )
{
	alert( 'before: ' + tags_of( oSocket.Value ) );
	oSocket.Value.AddOrUpdateTag( 'new_tag', 'OK!' );
	oSocket.Value.AddOrUpdateTag( 'socket_type', 'another_group' );
	alert( 'after: ' + tags_of( oSocket.Value ) );
}

function tags_of( oWebSocket )
{
	return ArrayMerge( oWebSocket.Tags, "This.Key + ': ' + This.Value", ', ' );
}
