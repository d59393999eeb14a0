// Sends something to everybody, and something more to the socket whose key ends in s-123.
//
// Before: open /services/main_ws_service and /services/main_ws_service?X-StatefulSocketId=123.

xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' )
aSockets = xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' ).ToArray()

for ( oSocket in aSockets )
{
	sSocketId = oSocket.Key
	send( sSocketId, 'Общее сообщение для ' + sSocketId )
	if ( !StrEnds( sSocketId, 's-123', true ) ) continue
	send( sSocketId, 'Личное сообщение для ' + sSocketId )
}

function send( sSocketId, sText )
{
	xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ sSocketId, sText, false ] )
}
