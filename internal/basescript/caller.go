package basescript

// Caller returns where the host function that runs now was called from: the address of the program,
// and whether it was its top level rather than one of its functions. Outside a script the address is "".
func (r *Run) Caller() (url string, top bool) {
	for i := r.top - 1; i >= 0; i-- {
		if f := r.frames[i]; f.active { // the others are calls whose arguments are being evaluated
			return f.code.prog.url, f.code == f.code.prog.top
		}
	}
	return "", false
}
