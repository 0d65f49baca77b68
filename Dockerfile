# The server as an image: a static binary and nothing else. Build it with `docker build -t jira-lifecycle-mcp .`
FROM golang:1.27 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build && mkdir -m 0700 /state

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build --chown=nonroot:nonroot /state /state
COPY --from=build /src/bin/jira-lifecycle-mcp /usr/local/bin/jira-lifecycle-mcp
ENV JIRA_LIFECYCLE_STATE_DIR=/state
USER nonroot
ENTRYPOINT ["/usr/local/bin/jira-lifecycle-mcp"]
CMD ["serve"]
