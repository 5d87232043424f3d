package demohome

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// The ignore file has no leading dot in here, for otherwise it would rule over this
// project's own repository.
//
//go:embed home state releases
var embedded embed.FS

// tree is the content of the files of a release, by slash-separated path.
type tree map[string][]byte

// overlay adds the files under the embedded folder, and replaces those of the same path.
func (t tree) overlay(folder string) error {
	return fs.WalkDir(embedded, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		t[installedName(strings.TrimPrefix(name, folder+"/"))] = content
		return nil
	})
}

// append adds a line of text to the end of a file that must be there.
func (t tree) append(name, text string) error {
	content, ok := t[name]
	if !ok {
		return fmt.Errorf("cannot change %s: the release has no such file", name)
	}
	t[name] = append(append([]byte(nil), content...), text...)
	return nil
}

// remove takes a file out; it must be there.
func (t tree) remove(name string) error {
	if _, ok := t[name]; !ok {
		return fmt.Errorf("cannot remove %s: the release has no such file", name)
	}
	delete(t, name)
	return nil
}

func installedName(name string) string {
	if name == "gitignore" {
		return ".gitignore"
	}
	return name
}

func executable(name string) bool {
	return path.Ext(name) == ".sh" && !strings.HasPrefix(name, "scripts/lib/")
}
