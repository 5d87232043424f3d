// Package archive makes, verifies, unpacks and restores backups: tar files
// packed with gzip, with a manifest of checksums. It also packs single files.
//
// A backup is two files. "x.tar.gz" holds the trees, each below the name of its
// source, and as its last entry the manifest: last, because the checksums are
// known only when the files have been read, and reading them twice would let
// them change in between. "x.tar.gz.manifest.json" holds the same manifest, the
// size and SHA-256 of the archive, and a checksum of itself; it is written after
// the archive is on disk, so an archive without it is one whose making was
// interrupted and is not offered for a restore. With both, a flipped bit anywhere,
// in gzip headers and padding too, is found, and the first damaged file named.
//
// Any tar and gzip can unpack a backup by hand.
//
// Unpacking trusts nothing: names with "..", absolute names, devices, FIFOs and
// links that lead out are refused, all writes go through os.Root, and entries,
// bytes and ratio are bounded.
//
// The package is the only owner of klauspost/compress.
package archive
