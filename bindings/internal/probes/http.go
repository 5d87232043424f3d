package probes

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/cortexlua/cortexlua/bindings/internal/jsonq"
)

// maxBody is how much of an answer is looked at.
const maxBody = 1 << 20

// HTTP passes when a URL answers as it should. Redirects are not followed, and
// no proxy is used: it is the daemon itself that is asked.
type HTTP struct {
	URL    string
	Status []int          // what the status must be; none: below 400
	Body   *regexp.Regexp // what the body must match; nil: anything
	JSON   string         // a jq program whose first result must be neither null nor false; "": none
	Engine *jsonq.Engine  // for JSON
}

// CheckURL tells why a text is not the URL of a probe; host is its host, without
// the port.
func CheckURL(text string) (host string, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", fmt.Errorf("%q is not a URL, such as http://127.0.0.1:5001/health", text)
	}
	return u.Hostname(), nil
}

// String says what is waited for.
func (h *HTTP) String() string { return h.URL + " to answer" }

// Check asks once, on a connection of its own.
func (h *HTTP) Check(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "cortexlua-probe")
	transport := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req) // a Client would follow redirects
	if err != nil {
		return dialError(h.URL, err)
	}
	defer resp.Body.Close()
	if !h.statusOK(resp.StatusCode) {
		return fmt.Errorf("%s answered %s", h.URL, resp.Status)
	}
	if h.Body == nil && h.JSON == "" {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return dialError(h.URL, err)
	}
	return h.checkBody(ctx, body)
}

func (h *HTTP) statusOK(code int) bool {
	if len(h.Status) == 0 {
		return code < 400
	}
	return slices.Contains(h.Status, code)
}

func (h *HTTP) checkBody(ctx context.Context, body []byte) error {
	if h.Body != nil && !h.Body.Match(body) {
		return fmt.Errorf("the answer of %s does not match %q", h.URL, h.Body)
	}
	if h.JSON == "" {
		return nil
	}
	results, err := h.Engine.QueryReader(ctx, bytes.NewReader(body), h.JSON, nil)
	switch {
	case err != nil:
		return fmt.Errorf("the answer of %s: %w", h.URL, err)
	case len(results) == 0 || results[0] == nil || results[0] == false:
		return fmt.Errorf("the answer of %s does not satisfy %q", h.URL, h.JSON)
	}
	return nil
}
