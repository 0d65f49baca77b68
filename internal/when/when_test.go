package when

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// now is before both of Europe's clock changes of 2027, on 28 March and 31 October.
var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestTimes(t *testing.T) {
	for text, want := range map[string]struct{ utc, zone string }{
		"2027-03-01T09:00:00Z":                             {"2027-03-01T09:00:00Z", "UTC"},
		"2027-03-01t09:00:00z":                             {"2027-03-01T09:00:00Z", "UTC"},
		"2027-03-01 09:00:00Z":                             {"2027-03-01T09:00:00Z", "UTC"},
		" 2027-03-01T09:00:00.25Z ":                        {"2027-03-01T09:00:00.25Z", "UTC"},
		"2027-03-01T09:00:00+05:30":                        {"2027-03-01T03:30:00Z", ""},
		"2027-03-01T09:00:00-08:00":                        {"2027-03-01T17:00:00Z", ""},
		"2027-03-01T09:00:00-00:00":                        {"2027-03-01T09:00:00Z", "UTC"},
		"2027-03-01T09:00:00+00:00":                        {"2027-03-01T09:00:00Z", "UTC"},
		"2027-03-28T02:30:00+01:00":                        {"2027-03-28T01:30:00Z", ""}, // no zone, so no gap
		"2027-03-01T09:00:00[Europe/Berlin]":               {"2027-03-01T08:00:00Z", "Europe/Berlin"},
		"2027-07-01T09:00:00[Europe/Berlin]":               {"2027-07-01T07:00:00Z", "Europe/Berlin"},
		"2027-07-01T09:00:00+02:00[Europe/Berlin]":         {"2027-07-01T07:00:00Z", "Europe/Berlin"},
		"2027-07-01T09:00:00+02:00[!Europe/Berlin]":        {"2027-07-01T07:00:00Z", "Europe/Berlin"},
		"2027-07-01T09:00:00Z[Europe/Berlin]":              {"2027-07-01T09:00:00Z", "Europe/Berlin"},
		"2027-07-01T09:00:00-00:00[Europe/Berlin]":         {"2027-07-01T09:00:00Z", "Europe/Berlin"},
		"2027-07-01T09:00:00[Europe/Berlin][u-ca=gregory]": {"2027-07-01T07:00:00Z", "Europe/Berlin"},
		"2027-07-01T09:00:00+02:00[+02:00]":                {"2027-07-01T07:00:00Z", ""},
		"2027-07-01T09:00:00[-03:00]":                      {"2027-07-01T12:00:00Z", ""},
		"2027-07-01T09:00:00[UTC]":                         {"2027-07-01T09:00:00Z", "UTC"},
		"2027-07-01T09:00:00[Asia/Kathmandu]":              {"2027-07-01T03:15:00Z", "Asia/Kathmandu"},
		"2027-07-01T09:00:00[America/Argentina/Ushuaia]":   {"2027-07-01T12:00:00Z", "America/Argentina/Ushuaia"},
		"2027-07-01T09:00:00[Etc/GMT+5]":                   {"2027-07-01T14:00:00Z", "Etc/GMT+5"},
		"2027-03-28T01:59:59[Europe/Berlin]":               {"2027-03-28T00:59:59Z", "Europe/Berlin"},
		"2027-03-28T03:00:00[Europe/Berlin]":               {"2027-03-28T01:00:00Z", "Europe/Berlin"},
		"2027-10-31T02:30:00+02:00[Europe/Berlin]":         {"2027-10-31T00:30:00Z", "Europe/Berlin"},
		"2027-10-31T02:30:00+01:00[Europe/Berlin]":         {"2027-10-31T01:30:00Z", "Europe/Berlin"},
		"2027-10-31T03:00:00[Europe/Berlin]":               {"2027-10-31T02:00:00Z", "Europe/Berlin"},
		"2027-10-31T01:59:59[Europe/Berlin]":               {"2027-10-30T23:59:59Z", "Europe/Berlin"},
		"2027-04-04T01:45:00+10:30[Australia/Lord_Howe]":   {"2027-04-03T15:15:00Z", "Australia/Lord_Howe"}, // half an hour's change
		"2026-11-24T12:00:01Z":                             {"2026-11-24T12:00:01Z", "UTC"},
		"2027-11-24T12:00:00Z":                             {"2027-11-24T12:00:00Z", "UTC"},
	} {
		t.Run(text, func(t *testing.T) {
			got, err := Parse(text, now)
			if err != nil {
				t.Fatal(err)
			}
			if utc := got.UTC().Format(time.RFC3339Nano); utc != want.utc || got.Location().String() != want.zone {
				t.Errorf("%s in %q, want %s in %q", utc, got.Location(), want.utc, want.zone)
			}
			again, err := Parse(Format(got), now)
			if err != nil || !again.Equal(got) || again.Location().String() != got.Location().String() {
				t.Errorf("%s is read back as %s, %v", Format(got), again, err)
			}
		})
	}
}

func TestTimesThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                   "effective_at is empty. Write it like 2026-12-01T18:00:00+01:00 or 2026-12-01T18:00:00[Europe/Berlin].",
		"tomorrow at nine":                                   "is not a date and time with a zone. Write it like 2026-12-01T18:00:00+01:00",
		"1806483600":                                         "is not a date and time",
		"28.03.2027 09:00":                                   "is not a date and time",
		"2027-3-1T09:00:00Z":                                 "is not a date and time",
		"2027-03-01":                                         "has a date, and neither a time of day nor a zone. Write it like 2027-03-01T18:00:00[Europe/Berlin].",
		"2027-03-01T09:00:00":                                "effective_at has no zone. Write 2027-03-01T09:00:00 and the zone behind it, such as [Europe/Berlin] or +01:00, or Z for UTC.",
		"2027-03-01 09:00:00.5":                              "has no zone. Write 2027-03-01T09:00:00.5 and",
		"2027-03-01T09:00:00[a=b]":                           "has no zone",
		"2027-03-01T09:00Z":                                  "has no seconds. Write 2027-03-01T09:00:00 and the zone",
		"2027-03-01 09:00":                                   "has no seconds. Write 2027-03-01T09:00:00 and the zone",
		"2027-03-01T09:00[Etc/UTC]":                          "has no seconds",
		"2027-03-01T09:00:00 CET":                            "behind its time that is no zone. Write it like 2027-03-01T09:00:00+01:00, 2027-03-01T09:00:00Z or 2027-03-01T09:00:00[Europe/Berlin]; abbreviations such as CET or PST are no zones.",
		"2027-03-01T09:00:00+1":                              "is no zone",
		"2027-03-01T09:00:00+0100":                           "is no zone",
		"2027-03-01T09:00:00+24:00":                          "is no zone",
		"2027-03-01T09:00:00+01:60":                          "is no zone",
		"2027-03-01T09:00:00,5Z":                             "is no zone",
		"2027-03-01T09:00:00.0123456789Z":                    "is no zone",
		"2027-03-01T09:00:00ZZ":                              "is no zone",
		"2027-13-01T09:00:00Z":                               "has the month 13; there are 01 to 12",
		"2027-00-01T09:00:00Z":                               "has the month 00",
		"2027-02-29T09:00:00Z":                               "has the day 29; February 2027 has 28 days",
		"2027-04-31T09:00:00Z":                               "has the day 31; April 2027 has 30 days",
		"2027-04-00T09:00:00Z":                               "has the day 00",
		"2027-04-01T24:00:00Z":                               "has the hour 24; there are 00 to 23. Write midnight as 00:00:00 of the day that begins.",
		"2027-04-01T09:60:00Z":                               "has the minute 60",
		"2027-06-30T23:59:60Z":                               "has the second 60; there are 00 to 59, and leap seconds can't be scheduled",
		"2026-11-24T12:00:00Z":                               "effective_at is 2026-11-24T12:00:00Z, which is past: it is 2026-11-24T12:00:00Z now. Give a time that is ahead, or leave effective_at out to do it now.",
		"2026-11-24T12:30:00[Europe/Berlin]":                 "effective_at is 2026-11-24T12:30:00+01:00[Europe/Berlin], which is past: it is 2026-11-24T13:00:00+01:00[Europe/Berlin] now",
		"0000-01-01T00:00:00Z":                               "is past",
		"2027-11-24T12:00:01Z":                               "more than a year ahead. Give a time within the next twelve months.",
		"9999-12-31T23:59:59[Europe/Berlin]":                 "more than a year ahead",
		"2027-03-01T09:00:00[Europe/Atlantis]":               "The zone Europe/Atlantis of effective_at is not known. Write its name as the IANA list has it, such as 2027-03-01T09:00:00[America/New_York], or an offset such as 2027-03-01T09:00:00-05:00.",
		"2027-03-01T09:00:00+01:00[CST]":                     "The zone CST of effective_at is not known",
		"2027-03-01T09:00:00[Local]":                         "The zone Local of effective_at is not known",
		"2027-03-01T09:00:00[localtime]":                     "is not known",
		"2027-03-01T09:00:00[right/Europe/Berlin]":           "is not known",
		"2027-03-01T09:00:00[../../etc/passwd]":              "The zone in the brackets of effective_at is not known",
		"2027-03-01T09:00:00[/usr/share/zoneinfo/UTC]":       "The zone in the brackets",
		"2027-03-01T09:00:00[]":                              "The zone in the brackets",
		"2027-03-01T09:00:00[!]":                             "The zone in the brackets",
		"2027-03-01T09:00:00[Z]":                             "The zone Z of effective_at is not known",
		"2027-03-01T09:00:00[Europe/Berlin":                  "brackets in effective_at are not in pairs",
		"2027-03-01T09:00:00[Europe/Berlin]x":                "brackets in effective_at are not in pairs",
		"2027-03-01T09:00:00[Europe/Berlin][Europe/Paris]":   "more than one zone",
		"2027-03-01T09:00:00[u-ca=hebrew][Europe/Berlin]":    "or a zone behind other tags",
		"2027-03-01T09:00:00[Europe/Berlin][!u-ca=hebrew]":   "has a tag that must be understood",
		"2027-03-01T09:00:00+02:00[Europe/Berlin]":           "says +02:00 for its offset, which Europe/Berlin does not have at that time. Write 2027-03-01T09:00:00+01:00[Europe/Berlin], or leave the offset or the zone out.",
		"2027-03-01T09:00:00+00:00[Europe/Berlin]":           "says +00:00 for its offset",
		"2027-03-01T09:00:00+02:00[+01:00]":                  "says +02:00 for its offset, which +01:00 does not have at that time",
		"2027-10-31T02:30:00+03:00[Europe/Berlin]":           "Write 2027-10-31T02:30:00+02:00[Europe/Berlin] or 2027-10-31T02:30:00+01:00[Europe/Berlin]",
		"2027-03-28T02:30:00[Europe/Berlin]":                 "effective_at is 2027-03-28T02:30:00, which does not exist in Europe/Berlin: the clocks go from 2027-03-28 02:00 straight to 2027-03-28 03:00. Write a time outside of that gap, such as 2027-03-28T03:30:00[Europe/Berlin].",
		"2027-03-28T02:00:00[Europe/Berlin]":                 "does not exist in Europe/Berlin",
		"2027-03-28T02:59:59.999999999[Europe/Berlin]":       "does not exist in Europe/Berlin",
		"2027-03-28T02:30:00+01:00[Europe/Berlin]":           "does not exist in Europe/Berlin",
		"2027-03-28T02:30:00+02:00[Europe/Berlin]":           "does not exist in Europe/Berlin",
		"2027-10-03T02:15:00[Australia/Lord_Howe]":           "the clocks go from 2027-10-03 02:00 straight to 2027-10-03 02:30",
		"2027-10-31T02:30:00[Europe/Berlin]":                 "effective_at is 2027-10-31T02:30:00, which comes twice in Europe/Berlin, since the clocks are set back then. Write 2027-10-31T02:30:00+02:00[Europe/Berlin] for the first, or 2027-10-31T02:30:00+01:00[Europe/Berlin] for the second.",
		"2027-10-31T02:00:00[Europe/Berlin]":                 "comes twice",
		"2027-03-01T09:00:00[Europe/Berlin]\x00":             "not in pairs",
		"2027-03-01T09:00:00Z" + strings.Repeat("[a=b]", 30): "is too long: 170 bytes",
		"٢٠٢٧-03-01T09:00:00Z":                               "is not a date and time",
	} {
		t.Run(text, func(t *testing.T) {
			got, err := Parse(text, now)
			if !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, error %v, want %q", got, err, want)
			}
		})
	}
}

var zones = []string{
	"Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Santiago", "Africa/Casablanca", "Asia/Kolkata", "Asia/Tokyo",
	"Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "Antarctica/Troll", "Etc/GMT-14", "Etc/UTC",
}

func drawZone(t *rapid.T) *time.Location {
	zone := load(rapid.SampledFrom(zones).Draw(t, "zone"))
	if zone == nil {
		t.Fatal("no data for the zone")
	}
	return zone
}

// What Format writes is read as the same moment in the same zone, whenever it is.
func TestEveryMomentIsReadAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := now.Add(time.Duration(rapid.Int64Range(1, int64(365*24*time.Hour)).Draw(t, "ahead"))).In(drawZone(t))
		got, err := Parse(Format(want), now)
		if err != nil || !got.Equal(want) || Format(got) != Format(want) {
			t.Fatalf("%s is read as %s, %v", Format(want), got, err)
		}
	})
}

// Without an offset a time is taken when, and only when, a clock of the zone shows it once.
func TestATimeOfDayIsTakenWhenItComesOnce(t *testing.T) {
	const shape = "2006-01-02T15:04:05"
	rapid.Check(t, func(t *rapid.T) {
		zone := drawZone(t)
		near := now.AddDate(0, 0, 2).Add(time.Duration(rapid.Int64Range(0, 360*24*60).Draw(t, "minutes")) * time.Minute)
		if _, end := near.In(zone).ZoneBounds(); !end.IsZero() && end.Before(now.AddDate(0, 11, 20)) && rapid.Bool().Draw(t, "at a change") {
			near = end.Add(time.Duration(rapid.Int64Range(-180, 180).Draw(t, "around")) * time.Minute)
		}
		clock, err := time.Parse(shape, near.In(zone).Format(shape))
		if err != nil {
			t.Fatal(err)
		}
		shown := clock.Add(time.Duration(rapid.SampledFrom([]int{0, -90, -60, -30, 30, 60, 90}).Draw(t, "shift")) * time.Minute).Format(shape) // into gaps, too
		if clock, err = time.Parse(shape, shown); err != nil {
			t.Fatal(err)
		}
		var moments []time.Time // by trying every quarter of an hour
		for m := clock.Add(-15 * time.Hour); !m.After(clock.Add(15 * time.Hour)); m = m.Add(15 * time.Minute) {
			if m.In(zone).Format(shape) == shown {
				moments = append(moments, m)
			}
		}
		got, err := Parse(shown+"["+zone.String()+"]", now)
		switch {
		case len(moments) == 1 && (err != nil || !got.Equal(moments[0])):
			t.Fatalf("%s in %s: %s, %v, want %s", shown, zone, got, err, moments[0])
		case len(moments) == 0 && (err == nil || !strings.Contains(err.Error(), "the clocks go from")):
			t.Fatalf("%s in %s does not exist: %s, %v", shown, zone, got, err)
		case len(moments) > 1 && (err == nil || !strings.Contains(err.Error(), "comes twice")):
			t.Fatalf("%s in %s comes twice: %s, %v", shown, zone, got, err)
		}
	})
}

// What an error says to write instead is taken.
func TestWhatErrorsProposeIsTaken(t *testing.T) {
	for refused, proposal := range map[string]string{
		"2027-03-28T02:30:00[Europe/Berlin]":       "2027-03-28T03:30:00[Europe/Berlin]",
		"2027-10-31T02:30:00[Europe/Berlin]":       "2027-10-31T02:30:00+01:00[Europe/Berlin]",
		"2027-03-01T09:00:00+02:00[Europe/Berlin]": "2027-03-01T09:00:00+01:00[Europe/Berlin]",
		"2027-03-01":                      "2027-03-01T18:00:00[Europe/Berlin]",
		"soon":                            "2026-12-01T18:00:00+01:00",
		"2027-03-01T09:00:00[Here/There]": "2027-03-01T09:00:00-05:00",
	} {
		_, err := Parse(refused, now)
		if err == nil || !strings.Contains(err.Error(), proposal) {
			t.Errorf("%s: %v, want the proposal %s", refused, err, proposal)
		}
		if _, err := Parse(proposal, now); err != nil {
			t.Errorf("%s: %v", proposal, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"2027-03-01T09:00:00Z", "2027-03-28T02:30:00+01:00[Europe/Berlin]", "2027-10-31 02:30:00.5[!Europe/Berlin][u-ca=iso8601]", "2027-03-01T09:00[", "x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text, now)
		if err != nil {
			if !fault.Is(err, fault.InvalidArgument) || strings.ContainsAny(err.Error(), "\n\x00\u202e") {
				t.Errorf("error %v", err)
			}
			return
		}
		if again, err := Parse(Format(got), now); err != nil || !again.Equal(got) {
			t.Errorf("%q is %s, which is read as %s, %v", text, Format(got), again, err)
		}
	})
}
