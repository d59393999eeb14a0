// Package files is the part of the disk that scripts see: the app folder and a scratch folder, and
// nothing else.
//
// A [Tree] takes the names scripts use (x-local:// addresses, file:/// addresses, paths of the system,
// paths relative to the app folder), finds out which of the two folders they lead into, and refuses
// all others ([Error] says why). Every operation goes through [os.Root], so that neither "..", nor a
// link, nor a race leads out. On top of that no symbolic link is followed at all, names that begin
// with a dot do not exist for scripts, and forms of names that Windows takes for something else
// (devices, streams, names with a dot or blank at the end) are refused everywhere.
//
// Scripts change what they like in scratch. In the app folder they do not change code: the folders of
// scripts, and files in use as scripts elsewhere ([Config.IsCode]). Folders of the program itself
// ([Config.Hidden]) are not even seen. What scripts add is bounded in bytes and in number, in each
// folder by itself. A file is written beside its name and then moved there: whoever reads sees the old
// content or the new one.
//
// A Tree is safe for concurrent use. It keeps no file open between calls and knows nothing of scripts.
package files
