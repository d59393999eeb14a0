package login

import (
	"strconv"
	"strings"
	"time"
)

// texts are what the page says in one language.
type texts struct {
	name                           string // of the language, in itself
	title, login, password, submit string
	forgotten                      string
	inside                         string // the title when somebody is logged in
	signedIn                       string // what stands before the name
	goOn, logOut                   string
	loggedOut                      string
	wrong, disabled, empty         string
	oldForm, busy, unavailable     string
	methodNotAllowed, badForm      string
	minutes                        func(n int) string
	tooMany                        string // what stands before the time to wait
	languages                      string // what the switch is for

	newTitle, old, new, again, change, back string // of the form for a new password
	newHint                                 func(least int) string
	emptyPassword, differ, wrongOld         string
	badPassword                             func(least int) string
	changed                                 string
}

var allTexts = map[language]*texts{
	english: {
		name: "English", title: "Log in", login: "Login", password: "Password", submit: "Log in",
		forgotten: "Forgotten your password? Ask your administrator for a new one.",
		inside:    "Logged in", signedIn: "You are logged in as", goOn: "Continue", logOut: "Log out",
		loggedOut:        "You have logged out.",
		wrong:            "The login or the password is wrong.",
		disabled:         "This account is disabled. Ask your administrator.",
		empty:            "Type your login and your password.",
		oldForm:          "The form was too old, or your browser takes no cookies. Try once more.",
		busy:             "Too many people are logging in at this moment. Try again in a few seconds.",
		unavailable:      "Nobody can be logged in or out now. Try again in a moment.",
		methodNotAllowed: "This address takes no such request.", badForm: "The form cannot be read.",
		tooMany: "Too many failed attempts. Try again in",
		minutes: func(n int) string {
			if n == 1 {
				return "a minute"
			}
			return strconv.Itoa(n) + " minutes"
		},
		languages: "Language",
		newTitle:  "Change password", old: "Present password", new: "New password", again: "New password, once more", change: "Change password", back: "Back",
		newHint: func(least int) string {
			return "At least " + strconv.Itoa(least) + " characters. Everywhere but here you will have to log in again."
		},
		emptyPassword: "Type your present password, and the new one twice.",
		differ:        "The two new passwords differ.",
		wrongOld:      "The present password is wrong.",
		badPassword: func(least int) string {
			return "This cannot be the new password. It needs at least " + strconv.Itoa(least) + " characters, and must be neither your login nor the present password."
		},
		changed: "Your password was changed. Everywhere but here you have to log in again.",
	},
	russian: {
		name: "Русский", title: "Вход", login: "Логин", password: "Пароль", submit: "Войти",
		forgotten: "Забыли пароль? Попросите у администратора новый.",
		inside:    "Вход выполнен", signedIn: "Вы вошли как", goOn: "Продолжить", logOut: "Выйти",
		loggedOut:        "Вы вышли.",
		wrong:            "Неверный логин или пароль.",
		disabled:         "Эта учётная запись отключена. Обратитесь к администратору.",
		empty:            "Введите логин и пароль.",
		oldForm:          "Форма устарела, или браузер не принимает cookie. Попробуйте ещё раз.",
		busy:             "Сейчас входит слишком много людей. Попробуйте через несколько секунд.",
		unavailable:      "Сейчас нельзя ни войти, ни выйти. Попробуйте чуть позже.",
		methodNotAllowed: "Этот адрес не принимает таких запросов.", badForm: "Форму не удаётся прочесть.",
		tooMany: "Слишком много неудачных попыток. Попробуйте через",
		minutes: func(n int) string {
			switch {
			case n == 1:
				return "минуту"
			case n%10 == 1 && n%100 != 11:
				return strconv.Itoa(n) + " минуту"
			case n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14):
				return strconv.Itoa(n) + " минуты"
			}
			return strconv.Itoa(n) + " минут"
		},
		languages: "Язык",
		newTitle:  "Смена пароля", old: "Текущий пароль", new: "Новый пароль", again: "Новый пароль ещё раз", change: "Сменить пароль", back: "Назад",
		newHint: func(least int) string {
			return "Не короче " + strconv.Itoa(least) + " символов. Везде, кроме этого браузера, вам придётся войти заново."
		},
		emptyPassword: "Введите текущий пароль и дважды новый.",
		differ:        "Новые пароли не совпадают.",
		wrongOld:      "Неверный текущий пароль.",
		badPassword: func(least int) string {
			return "Такой пароль не подходит. Нужно не меньше " + strconv.Itoa(least) + " символов; логин и текущий пароль не годятся."
		},
		changed: "Пароль изменён. Везде, кроме этого браузера, нужно войти заново.",
	},
}

// tryIn says when to try again. The number stays on the line of what it counts.
func (t *texts) tryIn(wait time.Duration) string {
	minutes := t.minutes(max(int((wait+time.Minute-1)/time.Minute), 1))
	return t.tooMany + " " + strings.ReplaceAll(minutes, " ", "\u00a0") + "."
}
