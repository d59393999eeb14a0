// Finds the sockets of a group by what is written in their stateful id.
//
// Before: open /services/main_ws_service?X-StatefulSocketId=id:10001::group_id:10001 and three more
// with id:10002::group_id:10001, id:10003::group_id:10002, id:10004::group_id:10002.

xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' )
aSockets = xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetWebSockets' ).ToArray()

for ( oSocket in aSockets )
{
	if ( !StrContains( oSocket.Key, '-s-' ) ) continue
	oParams = read_params( oSocket.Key.split( '-s-' )[1] )
	send( oSocket.Key, 'Параметры сокета: ' + tools.object_to_text( oParams, 'json' ) )
	if ( oParams.GetOptProperty( 'group_id' ) == '10002' )
	{
		send( oSocket.Key, 'Сообщение группе ' + oParams.group_id )
	}
}

// Reads name:value pairs that are joined by ::
function read_params( sText )
{
	oParams = {}
	for ( sPair in sText.split( '::' ) )
	{
		aPair = sPair.split( ':' )
		if ( aPair.length == 2 ) oParams.SetProperty( aPair[0], aPair[1] )
	}
	return oParams
}

function send( sSocketId, sText )
{
	xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ sSocketId, sText, false ] )
}
