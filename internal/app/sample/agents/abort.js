// Abort: drops every connection at once; the clients see the close code 1006.
//
// Before: open one connection or more.

var xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
for ( oSocket in xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' ).ToArray() )
{
	alert( 'abort ' + oSocket.Key );
	oSocket.Value.Abort();
}
