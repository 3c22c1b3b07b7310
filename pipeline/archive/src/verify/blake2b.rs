//! BLAKE2b without a key (RFC 7693). The one digest of the standard that no library here brings; used only on objects of
//! others that carry it.

const IV: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

const SIGMA: [[u8; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

const BLOCK: usize = 128;

/// A digest under way.
pub(super) struct Blake2b {
    state: [u64; 8],
    /// Bytes compressed so far.
    count: u128,
    block: [u8; BLOCK],
    filled: usize,
    len: u8,
}

impl Blake2b {
    /// With a digest of `len` bytes, 1–64.
    pub(super) fn new(len: u8) -> Self {
        let mut state = IV;
        state[0] ^= 0x0101_0000 ^ u64::from(len);
        Self { state, count: 0, block: [0; BLOCK], filled: 0, len }
    }

    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // The last block is compressed differently, so a full one waits until more comes.
            if self.filled == BLOCK {
                self.compress(BLOCK, 0);
                self.filled = 0;
            }
            let n = bytes.len().min(BLOCK - self.filled);
            self.block[self.filled..self.filled + n].copy_from_slice(&bytes[..n]);
            self.filled += n;
            bytes = &bytes[n..];
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.block[self.filled..].fill(0);
        self.compress(self.filled, u64::MAX);
        let mut out: Vec<u8> = self.state.iter().flat_map(|w| w.to_le_bytes()).collect();
        out.truncate(usize::from(self.len));
        out
    }

    fn compress(&mut self, bytes: usize, last: u64) {
        self.count += bytes as u128;
        let mut m = [0_u64; 16];
        for (word, bytes) in m.iter_mut().zip(self.block.chunks_exact(8)) {
            *word = u64::from_le_bytes(bytes.try_into().expect("chunks of eight"));
        }
        let mut v = [0_u64; 16];
        v[..8].copy_from_slice(&self.state);
        v[8..].copy_from_slice(&IV);
        v[12] ^= self.count as u64;
        v[13] ^= (self.count >> 64) as u64;
        v[14] ^= last;
        for round in 0..12 {
            let s = &SIGMA[round % 10];
            let m = |i: usize| m[usize::from(s[i])];
            mix(&mut v, [0, 4, 8, 12], m(0), m(1));
            mix(&mut v, [1, 5, 9, 13], m(2), m(3));
            mix(&mut v, [2, 6, 10, 14], m(4), m(5));
            mix(&mut v, [3, 7, 11, 15], m(6), m(7));
            mix(&mut v, [0, 5, 10, 15], m(8), m(9));
            mix(&mut v, [1, 6, 11, 12], m(10), m(11));
            mix(&mut v, [2, 7, 8, 13], m(12), m(13));
            mix(&mut v, [3, 4, 9, 14], m(14), m(15));
        }
        for (i, word) in self.state.iter_mut().enumerate() {
            *word ^= v[i] ^ v[i + 8];
        }
    }
}

fn mix(v: &mut [u64; 16], [a, b, c, d]: [usize; 4], x: u64, y: u64) {
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(x);
    v[d] = (v[d] ^ v[a]).rotate_right(32);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(24);
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(y);
    v[d] = (v[d] ^ v[a]).rotate_right(16);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(63);
}

#[cfg(test)]
mod tests {
    use crate::verify::algorithm::Algorithm;

    /// Values from another implementation (Python's `hashlib`).
    #[test]
    fn digests_are_those_of_others() {
        let all: Vec<u8> = (0..=255_u8).cycle().take(1000).collect();
        for (len, bytes, expected) in EXPECTED_BY_INPUT.map(|(len, n, e)| (len, if n == 3 { b"abc".as_slice() } else { &all[..n] }, e)) {
            assert_eq!(Algorithm::Blake2b(len).of(bytes), expected, "{len} {}", bytes.len());
        }
    }

    const EXPECTED_BY_INPUT: [(u8, usize, &str); 6] = [
        (
            64,
            3,
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
        ),
        (
            64,
            128,
            "2319e3789c47e2daa5fe807f61bec2a1a6537fa03f19ff32e87eecbfd64b7e0e8ccff439ac333b040f19b0c4ddd11a61e24ac1fe0f10a039806c5dcc0da3d115",
        ),
        (
            64,
            129,
            "f59711d44a031d5f97a9413c065d1e614c417ede998590325f49bad2fd444d3e4418be19aec4e11449ac1a57207898bc57d76a1bcf3566292c20c683a5c4648f",
        ),
        (48, 256, "9bd2b1bf7a89613fdcc76a3e02dabe81772a97bd5e6274fd9fe72e219bffe88c5e6f681a31481485dcb85dfa34bdc657"),
        (32, 1000, "c636324d47d89f2b2434dc2c994100663fbbaea880ff020fc5de89dd0f77a1ec"),
        (20, 0, "3345524abf6bbe1809449224b5972c41790b6cf2"),
    ];
}
