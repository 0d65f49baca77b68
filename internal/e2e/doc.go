// Package e2e holds tests of the whole server, and nothing that a program could import: a real MCP client, a real transport, the services
// behind the tools, and the sandbox as the only stand-in. Stdio runs the built binary as a child process.
//
// Here belongs what shows only when all parts work together: every tool on every transport, the main job as a story, what a person is
// told about bad input and a failing service, and that no secret leaves. What one package can prove by itself is tested there.
package e2e
