// Tells every client the key of its socket.
//
// Before: open one connection without a parameter and one with ?X-StatefulSocketId=123, and compare
// the keys.

xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' )
aSockets = xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' )

for ( oSocket in aSockets )
{
	xHttpStaticAssembly.CallClassStaticMethod(
		'Datex.XHTTP.WebSocketContext',
		'WriteToWebSocketMessageQueue',
		[ oSocket.Key, 'Ваш socketId: ' + oSocket.Key, true ]
	)
}
