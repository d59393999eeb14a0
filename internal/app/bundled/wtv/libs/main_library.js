// The code library libMain: what the socket service main_ws_service does with a command.
//
// A command is an object:
//
//	socket_action   init_socket, close_socket, call_method
//	action          renew_token; comes back in the reply
//	socket_type     the kind of subscription, any text: the name of a group of sockets
//	uid             anything; comes back in the reply
//	socket_tags     init_socket: more tags, an array of { name, value }
//	library, method call_method: what to call
//	token           renew_token: the new token of the user
//
// The reply repeats socket_action, socket_type and uid in this order. A failure adds error (1 in
// general, 400 a wrong field, 401 a token that is no good, 403 not allowed, 404 no such action) and message; the setting
// compat.silent_errors leaves such replies out, as the original did.
//
// How sockets join a group depends on the version that is imitated:
//
//	1.22    the socket is entered in the user data <socket_type>_recipients
//	1.24    the socket gets the tags user_id, socket_type, pong and those of socket_tags
//	native  both

// Called by the service with the command (or an array of commands) and the socket's key. Returns
// { error, message, socket_object }: socket_object is the reply, absent where there is none.
function main_socket( Request, Response, Session, oMessage, sSocketId )
{
	if ( !IsArray( oMessage ) )
	{
		return socket_command( Session, oMessage, sSocketId );
	}
	aReplies = [];
	for ( oCommand in oMessage )
	{
		oRes = socket_command( Session, oCommand, sSocketId );
		if ( oRes.HasProperty( 'socket_object' ) )
		{
			aReplies.push( oRes.socket_object );
		}
	}
	return { error: 0, message: '', socket_object: aReplies };
}

// Runs one command and makes its reply, whatever happens.
function socket_command( Session, oMessage, sSocketId )
{
	oReply = { socket_action: '', socket_type: '', uid: '' };
	try
	{
		oRes = envelope( oMessage, oReply );
		if ( oRes.error == 0 )
		{
			oRes = dispatch( Session, oMessage, oReply, sSocketId );
		}
	}
	catch ( err )
	{
		alert( err );
		oRes = failure( 1, err.message );
	}

	if ( oRes.error != 0 )
	{
		if ( tutorsocket.silent_errors )
		{
			return oRes;
		}
		oReply.error = oRes.error;
		oReply.message = oRes.message;
	}
	else if ( oRes.HasProperty( 'silent' ) )
	{
		return oRes;
	}
	oRes.socket_object = oReply;
	return oRes;
}

// Reads the fields every command has into the reply.
function envelope( oMessage, oReply )
{
	if ( DataType( oMessage ) != 'object' || IsArray( oMessage ) )
	{
		return failure( 400, 'A command is a JSON object' );
	}
	vUid = field( oMessage, 'uid' );
	if ( vUid != undefined )
	{
		oReply.uid = vUid;
	}
	aNames = [ 'socket_action', 'socket_type' ];
	for ( sName in aNames )
	{
		if ( !is_text_or_absent( oMessage, sName ) )
		{
			return failure( 400, 'The field ' + sName + ' must be a text' );
		}
		oReply[ sName ] = text_of( oMessage, sName );
	}
	return success();
}

function dispatch( Session, oMessage, oReply, sSocketId )
{
	switch ( oReply.socket_action )
	{
		case 'init_socket':
			return init_socket( Session, oMessage, oReply.socket_type, sSocketId );

		case 'close_socket':
			return close_socket( oReply.socket_type, sSocketId );

		case 'call_method':
			return call_method( Session, oMessage, oReply, sSocketId );
	}
	return other_action( oMessage, oReply );
}

// Enters the socket in the group socket_type.
function init_socket( Session, oMessage, sSocketType, sSocketId )
{
	if ( sSocketType == '' || StrLen( sSocketType ) > 200 )
	{
		return failure( 400, 'init_socket needs the field socket_type, a text of at most 200 bytes' );
	}
	if ( tutorsocket.profile != '1.22' )
	{
		oRes = set_tags( Session, oMessage, sSocketType, sSocketId );
		if ( oRes.error != 0 )
		{
			return oRes;
		}
	}
	if ( tutorsocket.profile != '1.24' )
	{
		tools_web.join_recipients( sSocketType + '_recipients', String( Session.Env.curUserID ), sSocketId, 86400 );
	}
	return success();
}

// Replaces the tags of the socket. The tags that say who it is are written last, so that a client
// cannot pose as somebody else, unless compat.client_tags_win restores the order of the original.
// Tags that came with what let the user in, such as a token, stay as they are: who signed the token says
// them, and no client. The original knew none, so the setting changes nothing about them.
function set_tags( Session, oMessage, sSocketType, sSocketId )
{
	oOwnTags = {
		user_id: String( Session.Env.curUserID ),
		socket_type: sSocketType,
		pong: '1'
	};
	oClientTags = new Object();
	aSocketTags = field( oMessage, 'socket_tags' );
	if ( aSocketTags != null && aSocketTags != undefined && !read_tags( aSocketTags, oClientTags ) )
	{
		return failure( 400, 'socket_tags must be an array of { "name": text, "value": text or number }' );
	}

	oTags = new Object();
	copy_fields( tutorsocket.client_tags_win ? oOwnTags : oClientTags, oTags );
	copy_fields( tutorsocket.client_tags_win ? oClientTags : oOwnTags, oTags );
	copy_fields( tutorsocket.granted_tags, oTags );
	for ( sName in oClientTags )
	{
		if ( String( oTags[ sName ] ) != String( oClientTags[ sName ] ) )
		{
			tutorsocket.tag_refused( sName );
		}
	}

	oSocket = local_socket( sSocketId );
	if ( oSocket != null )
	{
		try
		{
			oSocket.SetTagsFromJson( EncodeJson( oTags ) );
		}
		catch ( err )
		{
			return failure( 400, err.message );
		}
	}
	return success();
}

// Reads socket_tags into oTags; false if they are not what they should be.
function read_tags( aSocketTags, oTags )
{
	if ( !IsArray( aSocketTags ) )
	{
		return false;
	}
	for ( oTag in aSocketTags )
	{
		if ( DataType( oTag ) != 'object' || IsArray( oTag ) )
		{
			return false;
		}
		sName = field( oTag, 'name' );
		vValue = field( oTag, 'value' );
		if ( vValue == undefined ) vValue = '';
		if ( DataType( sName ) != 'string' || sName == '' || DataType( vValue ) == 'object' )
		{
			return false;
		}
		oTags[ sName ] = vValue;
	}
	return true;
}

// By name, not with SetProperty: a tag may well be called so.
function copy_fields( oFrom, oTo )
{
	for ( sName in oFrom )
	{
		oTo[ sName ] = oFrom[ sName ];
	}
}

// Takes the socket out of the group again; the connection stays. Version 1.24 did nothing here.
function close_socket( sSocketType, sSocketId )
{
	if ( tutorsocket.profile == '1.24' )
	{
		return success();
	}
	if ( sSocketType == '' )
	{
		return failure( 400, 'close_socket needs the field socket_type' );
	}
	tools_web.leave_recipients( sSocketType + '_recipients', sSocketId );
	oSocket = local_socket( sSocketId );
	if ( oSocket != null && oSocket.GetTag( 'socket_type' ) == sSocketType )
	{
		oSocket.RemoveTag( 'socket_type' );
	}
	return success();
}

// Calls method( curUserID, sSocketId, oMessage ) of a code library. Which methods clients may call is
// the administrator's choice (call_method.allow), or that of the library's author, who begins the body
// of a method with "META:ALLOW-CALL-FROM-CLIENT:1". What is not allowed and what does not exist are
// refused alike.
function call_method( Session, oMessage, oReply, sSocketId )
{
	if ( !is_text_or_absent( oMessage, 'library' ) || !is_text_or_absent( oMessage, 'method' ) )
	{
		return failure( 400, 'The fields library and method must be texts' );
	}
	sLibrary = text_of( oMessage, 'library' );
	sMethod = text_of( oMessage, 'method' );
	if ( sLibrary == '' || sMethod == '' )
	{
		return failure( 400, 'call_method needs the fields library and method' );
	}
	sRefusal = tutorsocket.method_refusal( sLibrary, sMethod );
	if ( sRefusal != '' )
	{
		return failure( 403, sRefusal );
	}
	vResult = tools.call_code_library_method( sLibrary, sMethod, [ Session.Env.curUserID, sSocketId, oMessage ] );
	oReply.result = vResult == undefined ? null : vResult;
	return success();
}

// Lets the socket stay: the token with which its user came in holds for a while only, and the socket
// closes with 4003 when that is over.
function renew_token( oMessage )
{
	if ( DataType( field( oMessage, 'token' ) ) != 'string' || field( oMessage, 'token' ) == '' )
	{
		return failure( 400, 'renew_token needs the field token, a text' );
	}
	sRefusal = tools_web.renew_token( field( oMessage, 'token' ) );
	return sRefusal == '' ? success() : failure( 401, sRefusal );
}

// Actions that name themselves in the field action, and all others: nothing implements them. The ping of simple clients, { "type": "ping" }, is no
// command and stays without a reply, as it always did.
function other_action( oMessage, oReply )
{
	vAction = field( oMessage, 'action' );
	if ( vAction != '' && vAction != null && vAction != undefined )
	{
		oReply.action = vAction;
		if ( vAction == 'renew_token' )
		{
			return renew_token( oMessage );
		}
		return failure( 404, 'Unknown action' );
	}
	if ( oReply.socket_action != '' )
	{
		return failure( 404, 'Unknown socket_action ' + oReply.socket_action );
	}
	if ( field( oMessage, 'type' ) == 'ping' )
	{
		return { error: 0, message: '', silent: true };
	}
	return failure( 400, 'The field socket_action is missing' );
}

// The socket with its tags, null if it has gone meanwhile.
function local_socket( sSocketId )
{
	xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
	return xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'GetLocalWebSocket', [ sSocketId ] );
}

// A field of what a client sent, undefined if absent. Not with a method: a field may well be called
// like one.
function field( oMessage, sName )
{
	return GetOptObjectProperty( oMessage, sName );
}

function is_text_or_absent( oMessage, sName )
{
	vValue = field( oMessage, sName );
	return vValue == null || vValue == undefined || DataType( vValue ) == 'string';
}

function text_of( oMessage, sName )
{
	vValue = field( oMessage, sName );
	return ( vValue == null || vValue == undefined ) ? '' : vValue;
}

function success()
{
	return { error: 0, message: '' };
}

function failure( iError, sMessage )
{
	return { error: iError, message: sMessage };
}
