// A code library for the action call_method. Send to main_ws_service:
//
//	{"socket_action": "call_method", "library": "libDemo", "method": "who_am_i", "uid": "1"}

// The reply holds what the method returns, under result.
function who_am_i( curUserID, sSocketId, oMessage )
{
	return { user_id: String( curUserID ), socket_id: sSocketId };
}

function add( curUserID, sSocketId, oMessage )
{
	return OptInt( oMessage.GetOptProperty( 'a' ), 0 ) + OptInt( oMessage.GetOptProperty( 'b' ), 0 );
}
