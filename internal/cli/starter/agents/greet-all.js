// Says hello to everybody in the room.
//
//	tutorsocket agent run greet-all

var iCount = tools.call_code_library_method( 'libChat', 'say', [ 'the agent', 'Hello, everybody!' ] );
alert( 'Greeted: ' + iCount );
