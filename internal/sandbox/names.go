package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// 128 first names; one that is not plain ASCII says after a colon how an e-mail address spells it. 32 heads and 16 tails make 512 family names.
const (
	givenNames = `Aaron Abigail Adam Aisha Alan Alice Amelia Amir Amy Ana Andrea Anders Anika Anna Anton Arjun Ava
Beatriz Ben Bianca Bruno Carla Carlos Chen Chloé:chloe Clara Colin Dalia Daniel David Deepa Diego Dmitri Elena Eli Elif Emil Emma
Eric Erin Esther Eva Farah Felix Fiona Florian Frank Gabriel George Grace Greta Hana Hannah Harry Helen Hugo Ian Ibrahim Ines Ingrid Irina
Isabel Ivan Jacob James Jana Jane Jonas José:jose Julia Kai Karim Keiko Kenji Lara Laura Leila Leo Li Lina Lucas Lucía:lucia Łukasz:lukasz
Magnus Maja Malik Mara Marco Maria Marta Mateo Maya Mei Mia Michael Milan Mina Mohammed Nadia Naomi Nia Nicolas Nina Noah Nora Oliver
Olivia Omar Oscar Paul Pedro Priya Rachel Rafael Ravi Rosa Ruth Samuel Sara Sofia Søren:soren Stefan Tara Thomas Vera Victor Wei Yara Zoë:zoe`
	familyHeads = `Al Ash Bar Beck Black Brad Bran Brook Bur Carl Clay Cole Dal East Far Green Hal Har Hart Hol King Lang Law Lin Mar Mil New Nor Old Rad Stan Win`
	familyTails = `bury by combe dale don ell field ford gate ham land ley man ston well wood`
)

// nameParts are the names in the forms that are needed: as written, and in lower case.
type nameParts struct{ given, givenFolded, givenASCII, family, familyFolded []string }

// parts returns the names. They are made when they are first needed, so that a process without a sandbox does not pay for them.
var parts = sync.OnceValue(func() *nameParts {
	p := &nameParts{}
	for word := range strings.FieldsSeq(givenNames) {
		given, ascii, found := strings.Cut(word, ":")
		if !found {
			ascii = fold(given)
		}
		p.given, p.givenFolded, p.givenASCII = append(p.given, given), append(p.givenFolded, fold(given)), append(p.givenASCII, ascii)
	}
	for head := range strings.FieldsSeq(familyHeads) {
		for tail := range strings.FieldsSeq(familyTails) {
			p.family, p.familyFolded = append(p.family, head+tail), append(p.familyFolded, fold(head+tail))
		}
	}
	return p
})

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

func (n name) given() string { return parts().given[n.pair>>familyBits] }

func (n name) family() string { return parts().family[n.pair&(1<<familyBits-1)] }

// display returns the name as people see it. One in 64 of those who should have a middle initial goes without, and so shares the name of another.
func (n name) display(traits uint64) string {
	if n.round == 0 || traits>>58 == 0 {
		return n.given() + " " + n.family()
	}
	return n.given() + " " + string(rune('A'+n.round%26)) + ". " + n.family()
}

// local returns the part of an address before the @.
func (n name) local() string {
	p := parts()
	given, family := p.givenASCII[n.pair>>familyBits], p.familyFolded[n.pair&(1<<familyBits-1)]
	if n.round == 0 {
		return given + "." + family
	}
	return given + "." + family + strconv.Itoa(n.round+1)
}

// parseLocal is the inverse of local.
func parseLocal(local string) (name, bool) {
	given, family, found := strings.Cut(local, ".")
	if !found {
		return name{}, false
	}
	letters := strings.TrimRight(family, "0123456789")
	var n name
	if digits := family[len(letters):]; digits != "" {
		round, err := strconv.Atoi(digits)
		if err != nil || round < 2 {
			return name{}, false
		}
		n.round = round - 1
	}
	i, j := slices.Index(parts().givenASCII, given), slices.Index(parts().familyFolded, letters)
	if i < 0 || j < 0 {
		return name{}, false
	}
	n.pair = i<<familyBits | j
	return n, n.local() == local
}
