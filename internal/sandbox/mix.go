package sandbox

// mix scrambles x under key: the finaliser of SplitMix64, which passes for random here.
func mix(key, x uint64) uint64 {
	x += (key + 1) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// permute maps x to another number of the same 2*half bits, one to one: a Feistel network whose rounds are [mix]. half is 1 to 32.
func permute(key, x uint64, half uint) uint64 {
	mask := uint64(1)<<half - 1
	left, right := x>>half&mask, x&mask
	for round := range uint64(4) {
		left, right = right, left^mix(key+round, right)&mask
	}
	return left<<half | right
}

// unpermute is the inverse of [permute].
func unpermute(key, x uint64, half uint) uint64 {
	mask := uint64(1)<<half - 1
	left, right := x>>half&mask, x&mask
	for round := range uint64(4) {
		left, right = right^mix(key+3-round, left)&mask, left
	}
	return left<<half | right
}
