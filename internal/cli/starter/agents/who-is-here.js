// Lists who is in the room, with the names they gave.
//
//	tutorsocket agent run who-is-here

for ( oSocket in tools.call_code_library_method( 'libChat', 'members', [] ) )
{
	alert( oSocket.Key + ' ' + ArrayMerge( oSocket.Value.Tags, "This.Key + '=' + This.Value", ', ' ) );
}

// A function of the document database, which is not here: stubs/XQuery.js answers in its place.
for ( oPerson in XQuery( "for $elem in collaborators return $elem" ) )
{
	alert( oPerson.fullname + ' could be here too' );
}
