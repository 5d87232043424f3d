package vm

func precheck(chunk string, src []byte, limit int) error {
	if len(src) > limit {
		return &SyntaxError{chunk, 0, (&LimitError{"source", int64(limit), int64(len(src))}).Error()}
	}
	return nil
}
