package confine

import "golang.org/x/sys/unix"

// droppedCaps are the capabilities that lead around rules about files
// (capabilities(7)): kernel modules, raw memory and I/O with /proc/kcore, kexec,
// tracing, device nodes, files by handle, and mounts and the like.
var droppedCaps = [...]uint{
	unix.CAP_DAC_READ_SEARCH, // CAP_DAC_OVERRIDE, which stays, is all that reading needs
	unix.CAP_SYS_MODULE,
	unix.CAP_SYS_RAWIO,
	unix.CAP_SYS_PTRACE,
	unix.CAP_SYS_ADMIN,
	unix.CAP_SYS_BOOT,
	unix.CAP_MKNOD,
	unix.CAP_PERFMON,
	unix.CAP_BPF,
	unix.CAP_CHECKPOINT_RESTORE,
}

// dropCaps gives the capabilities up for the calling thread and its children.
// With no_new_privs no later exec gives them back, not even to root: it may not
// add to what is permitted (cap_bprm_creds_from_file in security/commoncap.c).
func dropCaps() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return err
	}
	before := data
	for _, c := range droppedCaps {
		set, bit := &data[c/32], uint32(1)<<(c%32)
		set.Effective &^= bit
		set.Permitted &^= bit
		set.Inheritable &^= bit
	}
	if data == before {
		return nil
	}
	return unix.Capset(&head, &data[0])
}
