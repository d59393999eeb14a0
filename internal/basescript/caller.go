package basescript

// Caller returns where the host function that runs now was called from: the address of the program,
// and whether it was its top level rather than one of its functions. Outside a script the address is "".
func (r *Run) Caller() (url string, top bool) {
	if f := r.caller(); f != nil {
		return f.code.prog.url, f.code == f.code.prog.top
	}
	return "", false
}
