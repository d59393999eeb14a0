package app

import "time"

// SetPatience sets how long Watch doubts what is gone or broken, before Watch begins: a test that saves
// in steps may be held up between them by other programs.
func (a *App) SetPatience(d time.Duration) { a.patience = d }
