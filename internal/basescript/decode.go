package basescript

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// DecodeText returns the text of a file: UTF-8 or UTF-16 by its byte order mark, which is left out;
// without one UTF-8, and what is not valid UTF-8 is Windows-1251 (spec/basescript.md 1.13). The text
// takes up to three times the bytes of the file.
func DecodeText(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return decodeUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return decodeUTF16(data[2:], binary.BigEndian)
	case utf8.Valid(data):
		return string(bytes.TrimPrefix(data, []byte("\ufeff")))
	}
	text, err := charmap.Windows1251.NewDecoder().Bytes(data)
	if err != nil {
		return string(data) // every byte has a meaning in Windows-1251
	}
	return string(text)
}

// decodeUTF16 leaves out half a unit at the end.
func decodeUTF16(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}
