// The socket service main_ws_service, served at /services/main_ws_service.
//
// A client sends commands as JSON: one object, or an array of them. Each command goes to
// libMain.main_socket (wtv/libs/main_library.js), and the field socket_object of what that returns
// is sent back as one item. What is not JSON is logged, and answered with error 400 unless the
// setting compat.silent_errors asks for the silence of the original.
//
// To change the service put a file of this path into the app folder; to add one like it, copy this
// file to services/<name>.js.

// A connection nobody stands behind is refused: the client sees the close code 1008.
function open( context )
{
	vUserID = Request.Session.Env.GetOptProperty( 'curUserID', '' );
	return vUserID != '';
}

// One text message of the client. It is in the variable message, and in context.WebSocketMessage.
// The replies to an array of commands are items of their own: a command that fails is answered as
// such and the rest go on.
function process( context )
{
	sSocketId = RValue( context.WebSocketCurrentId );
	try
	{
		oMessage = parse_message( message );
	}
	catch ( err )
	{
		alert( err );
		refuse( sSocketId, 400, StrReplace( err.message, '\n', ' ' ) );
		return;
	}

	if ( !IsArray( oMessage ) )
	{
		run_command( oMessage, sSocketId );
		return;
	}
	iCount = ArrayCount( oMessage );
	if ( iCount == 0 || iCount > 100 )
	{
		refuse( sSocketId, 400, 'An array holds 1 to 100 commands, this one holds ' + iCount );
		return;
	}
	for ( oCommand in oMessage )
	{
		// An array within the array is no command.
		run_command( IsArray( oCommand ) ? null : oCommand, sSocketId );
	}
}

// The connection has ended: the socket leaves the lists of recipients it joined. In the profile 1.24
// there are none, groups are tags and go with the socket.
function close( context )
{
	if ( tutorsocket.profile != '1.24' )
	{
		tools_web.leave_recipients( null, RValue( context.WebSocketCurrentId ) );
	}
}

// On its own so that the log shows the line of ParseJson and the way out of it.
function parse_message( sText )
{
	return ParseJson( sText );
}

// Runs one command and sends its reply. A library that throws spoils this command only.
function run_command( oCommand, sSocketId )
{
	try
	{
		oRes = tools.call_code_library_method( 'libMain', 'main_socket', [ Request, null, Request.Session, oCommand, sSocketId ] );
		if ( oRes.HasProperty( 'socket_object' ) )
		{
			send( sSocketId, oRes.socket_object );
		}
	}
	catch ( err )
	{
		alert( err );
		refuse( sSocketId, 1, err.message );
	}
}

// Answers what never reached the library, or never came back from it.
function refuse( sSocketId, iError, sMessage )
{
	if ( !tutorsocket.silent_errors )
	{
		send( sSocketId, { socket_action: '', socket_type: '', uid: '', error: iError, message: sMessage } );
	}
}

function send( sSocketId, oReply )
{
	xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' );
	xHttpStaticAssembly.CallClassStaticMethod( 'Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue', [ sSocketId, EncodeJson( oReply ), true ] );
}
