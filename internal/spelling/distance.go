package spelling

// Distance is how many letters must be added, dropped, changed or swapped with their neighbour to make
// b of a (optimal string alignment). Letter case counts. It takes time and memory by the product of the
// lengths: callers bound what strangers send.
func Distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	before, row := make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i := range from {
		next := make([]int, len(to)+1)
		next[0] = i + 1
		for j := range to {
			change := row[j]
			if from[i] != to[j] {
				change++
			}
			next[j+1] = min(change, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && from[i] == to[j-1] && from[i-1] == to[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(to)]
}

// maxCompared bounds the words worth comparing, in bytes.
const maxCompared = 64

// Nearest is the candidate that takes the fewest changes of a letter to become, and how many these are; of equals the
// first. A word of more than 64 bytes, or no candidates, give none, and more changes than anybody makes by mistake.
func Nearest(word string, candidates []string) (near string, distance int) {
	distance = len(word) + maxCompared
	if len(word) > maxCompared {
		return "", distance
	}
	for _, c := range candidates {
		if d := Distance(word, c); d < distance {
			near, distance = c, d
		}
	}
	return near, distance
}
