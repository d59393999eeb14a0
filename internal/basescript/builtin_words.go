package basescript

import "strings"

// Numbers in Russian words.

// numberGender is the gender of what is counted; the ones and twos agree with it.
type numberGender int

const (
	masculine numberGender = iota
	feminine
	neuter
)

var (
	wordsOnes = [20]string{"", "", "", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять",
		"десять", "одиннадцать", "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать",
		"семнадцать", "восемнадцать", "девятнадцать"}
	wordsOne      = [3]string{masculine: "один", feminine: "одна", neuter: "одно"}
	wordsTwo      = [3]string{masculine: "два", feminine: "две", neuter: "два"}
	wordsTens     = [10]string{"", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто"}
	wordsHundreds = [10]string{"", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"}
)

// wordsPowers are the names of the powers of a thousand, each as modType orders them: 5, 1, 2.
var wordsPowers = [7][3]string{
	1: {"тысяч", "тысяча", "тысячи"},
	2: {"миллионов", "миллион", "миллиона"},
	3: {"миллиардов", "миллиард", "миллиарда"},
	4: {"триллионов", "триллион", "триллиона"},
	5: {"квадриллионов", "квадриллион", "квадриллиона"},
	6: {"квинтиллионов", "квинтиллион", "квинтиллиона"},
}

// textInt is TextInt(n[, gender]): gender 1 is feminine, 2 neuter, anything else masculine.
func textInt(r *Run, args []Value) (Value, error) {
	if isBlank(args[0]) {
		return emptyText, nil
	}
	n, ok := args[0].ToInt()
	if !ok {
		return Undefined, errNotA("an integer", args[0])
	}
	gender, err := intArg(args, 1, int64(masculine))
	if err != nil {
		return Undefined, err
	}
	if gender < 0 || gender > int64(neuter) {
		gender = int64(masculine)
	}
	return r.text(numberInWords(n, numberGender(gender)))
}

func numberInWords(n int64, gender numberGender) string {
	if n == 0 {
		return "ноль"
	}
	var words []string
	rest := uint64(n)
	if n < 0 {
		words, rest = append(words, "минус"), -rest
	}
	var groups []int
	for ; rest > 0; rest /= 1000 {
		groups = append(groups, int(rest%1000))
	}
	for power := len(groups) - 1; power >= 0; power-- {
		group, of := groups[power], gender
		if group == 0 {
			continue
		}
		switch power {
		case 0:
		case 1:
			of = feminine
		default:
			of = masculine
		}
		words = appendHundreds(words, group, of)
		if power > 0 {
			words = append(words, wordsPowers[power][modType(int64(group))])
		}
	}
	return strings.Join(words, " ")
}

// appendHundreds appends the words of a number from 1 to 999.
func appendHundreds(words []string, n int, gender numberGender) []string {
	add := func(word string) {
		if word != "" {
			words = append(words, word)
		}
	}
	add(wordsHundreds[n/100])
	if n %= 100; n >= 20 {
		add(wordsTens[n/10])
		n %= 10
	}
	switch n {
	case 1:
		add(wordsOne[gender])
	case 2:
		add(wordsTwo[gender])
	default:
		add(wordsOnes[n])
	}
	return words
}
