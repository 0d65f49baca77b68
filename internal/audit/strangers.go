package audit

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
)

// stranger is what is known under an e-mail that no account shows.
type stranger struct {
	email  string
	known  bool // a row of the roster with this main e-mail has an account by another of its e-mails
	alias  bool // somebody of the roster who should be here has this as a second e-mail
	scim   []string
	export *exported
	roster *listed
}

// judgeStrangers hands everybody who has no account here to the sink, each once, whichever sources know them.
func judgeStrangers(ctx context.Context, s *spill, out *sink) error {
	if s.strangers.Len() == 0 {
		return nil
	}
	c, err := newCursor(ctx, s.strangers)
	if err != nil {
		return err
	}
	var one stranger
	flush := func() error {
		if one.email == "" && one.export == nil && one.roster == nil {
			return nil
		}
		return out.stranger(one)
	}
	var last []byte
	for first := true; c.ok(); c.next() {
		email, source := cutLoose(c.Key())
		if first || !bytes.Equal(email, last) {
			if err := flush(); err != nil {
				return err
			}
			first, last, one = false, append(last[:0], email...), stranger{email: string(email)}
		}
		if err := one.add(source, c.Value()); err != nil {
			return err
		}
	}
	if c.err != nil {
		return c.err
	}
	return flush()
}

func (o *stranger) add(source byte, value []byte) error {
	switch source {
	case bitKnown:
		o.known = true
	case bitSCIM:
		u, err := decodeSCIM(value)
		if err != nil {
			return err
		}
		if len(o.scim) < maxOthers {
			o.scim = append(o.scim, u.id)
		}
	case bitExport:
		u, err := decodeExported(value)
		if err != nil {
			return err
		}
		if o.export == nil {
			o.export = &u
		} else {
			o.export.merge(u)
		}
	default:
		u, err := decodeListed(value)
		if err != nil {
			return err
		}
		if source == bitAlias {
			o.alias = o.alias || !u.gone()
			return nil
		}
		if o.roster == nil || u.outweighs(*o.roster) {
			o.roster = &u
		}
	}
	return nil
}

// judge gives the finding on somebody without an account. Whoever SCIM alone knows has one already, whoever has left or is suspended needs none, and whoever is in the roster under another
// e-mail is told of there. hidden is how many accounts may be anybody's.
func (o stranger) judge(hidden int) (Finding, bool) {
	f := Finding{Name: o.email, Evidence: o.evidence()}
	switch {
	case o.roster != nil && !o.known && o.roster.expected():
		f.Code, f.Severity, f.Name = JoinerWithoutAccount, Medium, clip(cmp.Or(o.roster.name, o.email), 80)
		f.Detail = fmt.Sprintf("The roster has this person (line %d, %s), but no account shows the e-mail.", o.roster.line, clip(o.email, 254))
		if hidden > 0 {
			f.Severity = Low
			f.Detail += fmt.Sprintf(" One of the %d active accounts whose e-mail nobody knows may be theirs.", hidden)
		}
		if f.Fix = provision(o.roster.main(), o.roster.name); f.Fix == nil {
			f.Look = &Call{Tool: "search_users", Arguments: Arguments{Query: cmp.Or(o.roster.main(), o.roster.name)}}
		}
	case o.export != nil && !o.alias:
		f.Code, f.Severity, f.Name = NotInJira, Info, clip(cmp.Or(o.export.name, o.email), 80)
		f.Detail = "The export has this person without an account id, and not one account alone shows the e-mail."
		f.Look = &Call{Tool: "search_users", Arguments: Arguments{Query: cmp.Or(o.email, o.export.name)}}
	default:
		return f, false
	}
	f.Advice = advice[f.Code]
	return f, true
}

// sources gives the sources that know the person, but for SCIM, whose users were counted one by one, and for rows of the roster that belong to an account.
func (o stranger) sources() []string {
	var names []string
	if o.export != nil {
		names = append(names, sourceExport)
	}
	if o.roster != nil && !o.known {
		names = append(names, sourceRoster)
	}
	return names
}

func (o stranger) evidence() []Evidence {
	e := []Evidence{{sourceJira, "no account shows the e-mail"}}
	for _, id := range o.scim {
		e = append(e, Evidence{sourceSCIM, "user " + id + " without an account id"})
	}
	if o.export != nil {
		e = append(e, Evidence{sourceExport, cmp.Or(string(o.export.status), "a row without an account id")})
	}
	if o.roster != nil {
		e = append(e, Evidence{sourceRoster, o.roster.says()})
	}
	return e
}
