// Version 1.22 and native: sends a message to the group ws_group.
//
// Before: open /services/main_ws_service twice and send from one of them
// {"socket_action": "init_socket", "socket_type": "ws_group"}

try
{
	aMembers = tools_web.get_user_data( 'ws_group_recipients' ).GetOptProperty( 'result', [] )
}
catch ( err )
{
	aMembers = [] // nobody has joined yet
}

var xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' )
for ( oMember in aMembers )
{
	xHttpStaticAssembly.CallClassStaticMethod(
		'Datex.XHTTP.WebSocketContext',
		'WriteToWebSocketMessageQueue',
		[ oMember.socket_id, 'Сообщение группе ws_group', false ]
	)
}
alert( 'Recipients: ' + ArrayCount( aMembers ) )
