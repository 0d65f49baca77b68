package main

import (
	"context"
	"fmt"
	"time"
)

// With these, waiting for the service is nearly all that a replica does, so that a second one has something to win.
const (
	replicaTime  = 200 * time.Millisecond
	replicaCount = 3
)

// measureReplicas compares how long one replica and three take for a batch, all with the same limits, on one PostgreSQL. Each replica is a process that
// serves; the first one gets the call. The replicas share what follows once the batch is recorded. Before that the one that was called plans it
// again, as every confirmation is: the second row has that, too.
func measureReplicas(ctx context.Context, b *bench) ([]row, error) {
	people := b.pick(400, 60)
	name := fmt.Sprintf("batch of %d offboardings, 1 replica by %d", people, replicaCount)
	kind, missing := b.postgres()
	if missing != "" {
		return []row{leftOut(name, missing)}, nil
	}
	carried := row{
		measure: name, unit: milliseconds, against: faster, bar: 2.2,
		note: fmt.Sprintf("From the record of the batch to its end; the service takes %v, and each replica sends %d requests at once.", replicaTime, usualParallel),
	}
	call := row{measure: "  the whole call, planning again included", unit: milliseconds}
	for _, run := range []struct {
		replicas      int
		carried, call *sample
	}{{1, &carried.value, &call.value}, {replicaCount, &carried.floor, &call.floor}} {
		b.note("  %d replica(s)", run.replicas)
		j, err := kind.fresh(b)
		if err != nil {
			return nil, err
		}
		batch, err := b.offboardMany(ctx, people, replicaTime, settings(limits(usualParallel), j.env()), run.replicas)
		if err != nil {
			return nil, err
		}
		run.carried.time(batch.carried)
		run.call.time(batch.took)
	}
	return []row{carried, call}, nil
}
