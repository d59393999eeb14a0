// What the service and the agents share.

// Sends a text to everybody in the room and returns how many that are.
function say( sFrom, sText )
{
	var oAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
	var aSockets = members();
	var sMessage = EncodeJson( { from: sFrom, text: sText } );
	for ( oSocket in aSockets )
	{
		oAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ oSocket.Key, sMessage, false ] );
	}
	return ArrayCount( aSockets );
}

// The sockets in the room.
function members()
{
	var oAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
	var aSockets = oAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' ).ToArray();
	return ArraySelect( aSockets, "StrBegins( This.Key, '/services/chat-' )" );
}
