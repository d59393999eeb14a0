// Answers in place of the document database, with data of your choice.
function XQuery( sQuery )
{
	if ( ! StrContains( sQuery, 'collaborators' ) ) return [];
	return [ { id: 7, fullname: 'Anna Petrova' }, { id: 8, fullname: 'Boris Orlov' } ];
}
