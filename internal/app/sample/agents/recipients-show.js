// Version 1.22 and native: prints who is in the group ws_group.
//
// Before: open /services/main_ws_service?X-StatefulSocketId=123 and send
// {"socket_action": "init_socket", "socket_type": "ws_group"}

oGroup = tools_web.get_user_data( 'ws_group_recipients' )
alert( tools.object_to_text( oGroup, 'json' ) )
