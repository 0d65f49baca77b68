package sample

import "strings"

var (
	products = []string{"Jira", "Confluence", "Jira Service Management", "Jira Product Discovery"}
	partners = []string{"partner.example", "contoso.example", "northwind.example", "fabrikam.example"}

	givenNames = strings.Fields(`Aaliyah Adam Aiko Alejandro Amara Amélie Anders Anna Arjun Astrid Ben Beatriz Chen Chloé Cormac Dana David Deepa Diego Elena
		Elif Emeka Emma Erik Fatima Felix Fiona Giulia Hana Hannah Hugo Ines Ingrid Isaac Jana João Jonas Julia Kai Karim Kenji Lara Layla Leo Lin Lucía
		Maja Marco Maria Mateo Maya Mei Mila Mohamed Nadia Niamh Nikhil Noah Nora Olga Omar Oscar Paula Pedro Priya Rafael Rosa Ruth Samir Sara Sean
		Sofia Sven Tariq Tessa Thomas Tomás Uma Valentina Victor Wei Yara Yusuf Zoë`)
	familyNames = strings.Fields(`Abbott Acosta Ahmed Almeida Andersen Bauer Becker Bianchi Björk Brandt Brennan Castillo Chen Costa Cruz Dahl Delgado Desai
		Dubois Duarte Eriksen Evans Farouk Fischer Flores Fontaine Garcia Goldberg Gupta Haddad Hansen Hashimoto Hernández Hoffmann Ibrahim Ito Ivanova
		Jansen Johansson Kaplan Kaya Keller Khan Kowalski Kumar Laurent Lindqvist Lopes Marino Martínez Mehta Meyer Moreau Murphy Müller Nakamura
		Navarro Nguyen Novak Okafor Olsen Ortiz Osei Papadopoulos Park Patel Pereira Petrov Quinn Rahman Reyes Richter Rossi Sato Schmidt Silva
		Singh Sørensen Tanaka Torres Vargas Vogel Wagner Walsh Weber Wójcik Yamamoto Yilmaz Zhang Zimmermann`)
)
