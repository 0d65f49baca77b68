package sandbox

import (
	"strconv"
	"strings"
)

// givenNames are 128 first names; one that is not plain ASCII says after a colon how an e-mail address spells it.
var givenNames = strings.Fields(`Aaron Abigail Adam Aisha Alan Alice Amelia Amir Amy Ana Andrea Anders Anika Anna Anton Arjun Ava
Beatriz Ben Bianca Bruno Carla Carlos Chen Chloé:chloe Clara Colin Dalia Daniel David Deepa Diego Dmitri Elena Eli Elif Emil Emma
Eric Erin Esther Eva Farah Felix Fiona Florian Frank Gabriel George Grace Greta Hana Hannah Harry Helen Hugo Ian Ibrahim Ines Ingrid Irina
Isabel Ivan Jacob James Jana Jane Jonas José:jose Julia Kai Karim Keiko Kenji Lara Laura Leila Leo Li Lina Lucas Lucía:lucia Łukasz:lukasz
Magnus Maja Malik Mara Marco Maria Marta Mateo Maya Mei Mia Michael Milan Mina Mohammed Nadia Naomi Nia Nicolas Nina Noah Nora Oliver
Olivia Omar Oscar Paul Pedro Priya Rachel Rafael Ravi Rosa Ruth Samuel Sara Sofia Søren:soren Stefan Tara Thomas Vera Victor Wei Yara Zoë:zoe`)

// familyHeads and familyTails make 512 family names.
var (
	familyHeads = strings.Fields(`Al Ash Bar Beck Black Brad Bran Brook Bur Carl Clay Cole Dal East Far Green Hal Har Hart Hol King Lang Law Lin Mar Mil New Nor Old Rad Stan Win`)
	familyTails = strings.Fields(`bury by combe dale don ell field ford gate ham land ley man ston well wood`)
)

const (
	namesHalf  = 8                    // names are numbers of 16 bits: 7 for the given name, 5 and 4 for the family name
	nameCount  = 1 << (2 * namesHalf) // 65,536 different pairs before one comes back
	familyBits = 9
)

// name is a generated person's name. round counts how often the pair of names was given out before: such a person gets a middle initial and,
// in addresses, a number.
type name struct{ pair, round int }

// nameOf returns the name of the g-th generated account, and accountOf the reverse.
func nameOf(seed uint64, g int) name {
	return name{pair: int(permute(seed^saltName, uint64(g%nameCount), namesHalf)), round: g / nameCount}
}

func (n name) number(seed uint64) int {
	return n.round*nameCount + int(unpermute(seed^saltName, uint64(n.pair), namesHalf))
}

func (n name) given() string {
	given, _, _ := strings.Cut(givenNames[n.pair>>familyBits], ":")
	return given
}

func (n name) family() string { return familyName(n.pair & (1<<familyBits - 1)) }

func familyName(i int) string { return familyHeads[i>>4] + familyTails[i&15] }

// display returns the name as people see it. One in 64 of those who should have a middle initial goes without, and so shares the name of another.
func (n name) display(traits uint64) string {
	if n.round == 0 || traits>>58 == 0 {
		return n.given() + " " + n.family()
	}
	return n.given() + " " + string(rune('A'+n.round%26)) + ". " + n.family()
}

// local returns the part of an address before the @.
func (n name) local() string {
	local := givenASCII(n.pair>>familyBits) + "." + strings.ToLower(n.family())
	if n.round > 0 {
		local += strconv.Itoa(n.round + 1)
	}
	return local
}

func givenASCII(i int) string {
	given, ascii, found := strings.Cut(givenNames[i], ":")
	if found {
		return ascii
	}
	return strings.ToLower(given)
}

// parseLocal is the inverse of local.
func parseLocal(local string) (name, bool) {
	given, family, found := strings.Cut(local, ".")
	if !found {
		return name{}, false
	}
	digits := len(family)
	for digits > 0 && family[digits-1] >= '0' && family[digits-1] <= '9' {
		digits--
	}
	var n name
	if digits < len(family) {
		round, err := strconv.Atoi(family[digits:])
		if err != nil || round < 2 {
			return name{}, false
		}
		n.round = round - 1
	}
	i, ok := index(len(givenNames), func(i int) bool { return givenASCII(i) == given })
	if !ok {
		return name{}, false
	}
	j, ok := index(1<<familyBits, func(j int) bool { return strings.EqualFold(familyName(j), family[:digits]) })
	n.pair = i<<familyBits | j
	return n, ok && n.local() == local
}

func index(n int, is func(int) bool) (int, bool) {
	for i := range n {
		if is(i) {
			return i, true
		}
	}
	return 0, false
}
