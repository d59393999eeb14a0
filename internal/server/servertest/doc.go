// Package servertest starts whole servers for tests and talks to them: [Start]
// gives one on a free port with data in a temporary folder, [Server.Dial] a
// WebSocket client whose methods fail the test when something else happens than
// was expected. Everything ends with the test.
package servertest
