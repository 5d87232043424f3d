package demohome

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

const queueFile = "coordination/task-queue.json"

// The queue that a home is built with is a real one of 28 tasks: 12 completed, 14
// pending, 2 assigned. None is critical, so it stands in no upgrade's way.

// QueueFault is a way in which a queue cannot be read.
type QueueFault string

const (
	// QueueMissing: there is no file.
	QueueMissing QueueFault = "missing"
	// QueueEmpty: the file is of 0 bytes, as a failed `jq ... > file` leaves it.
	QueueEmpty QueueFault = "empty"
	// QueueTruncated: the file ends in the middle.
	QueueTruncated QueueFault = "truncated"
	// QueueBareTask: the file holds one task, not a list of tasks. Seen in reality.
	QueueBareTask QueueFault = "bare-task"
	// QueueJunkTasks: a bare task, with a list "tasks" that holds no tasks. Seen in reality.
	QueueJunkTasks QueueFault = "junk-tasks"
)

// AddCriticalTask adds a critical task in the given status (worker_spawned, assigned,
// in_progress, pending, completed ...) to the task queue.
func (h *Home) AddCriticalTask(status string) error {
	queue := map[string]any{}
	content, err := os.ReadFile(h.queuePath())
	if err != nil {
		return fmt.Errorf("cannot add a task: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&queue); err != nil {
		return fmt.Errorf("cannot add a task: %s: %w", h.queuePath(), err)
	}
	tasks, ok := queue["tasks"].([]any)
	if !ok {
		return fmt.Errorf("cannot add a task: %s has no list of tasks", h.queuePath())
	}
	queue["tasks"] = append(tasks, map[string]any{
		"id":         fmt.Sprintf("critical-%03d", len(tasks)+1),
		"title":      "Restore the billing gateway",
		"type":       "development",
		"priority":   "critical",
		"status":     status,
		"created_at": "2025-12-05T09:00:00-0600",
		"created_by": "demo",
		"context":    map[string]any{},
	})
	content, err = json.MarshalIndent(queue, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot add a task: %w", err)
	}
	return h.replaceQueue(append(content, '\n'))
}

// CorruptQueue makes the task queue one that cannot be read; RestoreQueue mends it.
func (h *Home) CorruptQueue(fault QueueFault) error {
	const task = `"id": "task-001", "priority": "critical", "status": "worker_spawned"`
	switch fault {
	case QueueMissing:
		return os.Remove(h.queuePath())
	case QueueEmpty:
		return h.replaceQueue(nil)
	case QueueTruncated:
		content, err := embedded.ReadFile("state/" + queueFile)
		if err != nil {
			return err
		}
		return h.replaceQueue(content[:len(content)/2])
	case QueueBareTask:
		return h.replaceQueue([]byte("{" + task + "}\n"))
	case QueueJunkTasks:
		return h.replaceQueue([]byte("{" + task + `, "tasks": ["task-002", null]}` + "\n"))
	}
	return fmt.Errorf("cannot corrupt the task queue: unknown fault %q", fault)
}

// RestoreQueue puts the task queue back as the home was built with it.
func (h *Home) RestoreQueue() error {
	content, err := embedded.ReadFile("state/" + queueFile)
	if err != nil {
		return err
	}
	return h.replaceQueue(content)
}

func (h *Home) queuePath() string { return filepath.Join(h.Dir, queueFile) }

// replaceQueue renames a new file into place: the coordinator reads it at any time.
func (h *Home) replaceQueue(content []byte) error {
	part := h.queuePath() + ".part"
	if err := os.WriteFile(part, content, 0o644); err != nil {
		return err
	}
	return os.Rename(part, h.queuePath())
}
