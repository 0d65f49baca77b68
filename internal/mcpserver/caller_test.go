package mcpserver

import "testing"

func TestSudoDoesNotMakeASecondPerson(t *testing.T) {
	for _, c := range []struct {
		name string
		uid  int
		sudo string
		want string
	}{
		{"a user", 1000, "", "1000"},
		{"root by itself", 0, "", "0"},
		{"a user who called sudo", 0, "1000", "1000"},
		{"root who called sudo", 0, "0", "0"},
		{"a user who sets SUDO_UID", 1000, "1001", "1000"},
		{"sudo with nonsense", 0, "-1", "0"},
		{"sudo with a name", 0, "alice", "0"},
	} {
		getenv := func(name string) string {
			if name != "SUDO_UID" {
				t.Errorf("%s: %s was read", c.name, name)
			}
			return c.sudo
		}
		if got := personAt(c.uid, getenv); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
