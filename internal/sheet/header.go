package sheet

import (
	"strings"
	"unicode"
)

// Key is a column's name as such names are compared: its letters and digits in lower case. What is in brackets at its end, with or without a word
// behind it, is no part of the name: "Email Address [Required]", "User name [userPrincipalName] Required" and "Last active date [UTC]" are
// emailaddress, username and lastactivedate.
func Key(name string) string {
	if i := strings.IndexAny(name, "[("); i > 0 {
		name = name[:i]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// IsVersion reports whether a row is the line with the version that files for bulk changes of Entra ID have above their header.
func IsVersion(row []string) bool {
	if len(row) == 0 || !strings.HasPrefix(strings.ToLower(row[0]), "version:") {
		return false
	}
	return Blank(row[1:])
}

// Blank reports whether a row has nothing but spaces in it.
func Blank(row []string) bool {
	for _, cell := range row {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}
