// SetTagsFromJson: replaces all tags of every socket.
//
// Before: open a connection and send
// {"socket_action": "init_socket", "socket_type": "ws_group"}

var xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
for ( oSocket in xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' ).ToArray() )
{
	alert( 'before: ' + tags_of( oSocket.Value ) );

	oNewTags = new Object();
	oNewTags.webinar_id = 123;
	oNewTags.role = 'speaker';
	oNewTags.socket_type = 'ws_group_replace';
	oSocket.Value.SetTagsFromJson( EncodeJson( oNewTags ) );

	alert( 'after: ' + tags_of( oSocket.Value ) );
}

function tags_of( oWebSocket )
{
	return ArrayMerge( oWebSocket.Tags, "This.Key + ': ' + This.Value", ', ' );
}
