// Long: every limit stands in one place.
/** Every limit of Quire, with its unit and its reason. Nothing else in the code states one; how they fit together is tested. */
const KiB = 1024
const MiB = 1024 * KiB

// --- data sets (Codex formats) ---

/** Size of a block that we make; Codex default. */
export const blockBytes = 64 * KiB
/** Smallest and largest block size that we read; Codex upload bounds, 1 KiB seen from library uploads. */
export const blockBytesMin = 1 * KiB
export const blockBytesMax = 512 * KiB
/** A longer manifest is refused before it is parsed; bound of the Codex manifest exchange. */
export const manifestBytesMax = 64 * KiB
/** Blocks of one data set: 4 TiB at 64 KiB; its bitmap takes 8 MiB, its leaf hashes 2 GiB. More is refused before anything is allotted. */
export const blockCountMax = 64 * MiB
/** Fields of a manifest's header: those known, and as many again that a later version may add. */
export const manifestFieldsMax = 32
/** Leaf hashes that travel together: 16 KiB make 32 MiB of data verifiable on arrival. */
export const groupLeaves = 512

// --- store ---

/** Blocks in a segment, the unit of durable writes: IndexedDB writes 4 MiB records fastest, and one segment is the most a crash costs. */
export const segmentBlocks = 64
/** An id of a data set, UTF-8: as hexadecimal it is still a file name everywhere. */
export const setIdBytesMax = 100
/** Blocks that one stored page of a bitmap tells of: 4 KiB are rewritten with a segment, whatever the size of the data set. */
export const heldPageBlocks = 32 * KiB
/** Segments kept in memory after a read from IndexedDB, which reads records whole: 16 MiB serve a few readers who walk. */
export const readSegmentsMax = 4
/** One write to a private file: Chromium copies each into a buffer of its own, and maps those of a mebibyte and more anew every time, which costs four times more a byte. */
export const fileWriteBytes = 512 * KiB
/** Open files: half of what common systems allow one process by default, and more data sets than are read at one time. */
export const openFilesMax = 128
/** A file of a server's store: a terabyte is 512 of them, and file systems of every kind take one. */
export const slabBytes = 2 * 1024 * MiB
/** Places in a server's files are whole pages of disk and memory. */
export const pageBytes = 4 * KiB
/** Pages that the database of a server's store keeps in memory, however large it is. */
export const databaseCacheBytes = 8 * MiB
/** Items of a library that are in memory together while all are looked at: half a mebibyte. */
export const catalogPageItems = 256
/** Rows of what was removed that are cleared at one go: some milliseconds in which nothing else runs. */
export const sweepRows = 256
/** A server's store moves segments together while more than this share of its files is gaps, and these are more than a few segments. */
export const compactShare = 1 / 4
export const compactBytesMin = 16 * MiB
/** Segments in a row that find no gap that fits before it is left at that. */
export const compactMissesMax = 32
/** Requests to a bucket that one call makes at one time: few enough for small services, enough to fill a line. */
export const s3RequestsMax = 8
/** A request to a bucket ends by then: a segment at 1 Mbit/s. */
export const s3TimeoutMs = 60_000
/** A bucket that is busy is asked so often again, with growing pauses. */
export const s3RetriesMax = 4
/** Bytes that a backup of a store reads at once. */
export const backupReadBytes = 8 * MiB
/** Problems that a check of a store tells one by one: more than anybody reads. */
export const checkProblemsMax = 1_000
/** Blocks that wait for their segment to be whole, all data sets: half of what one fetch may leave unstored, so that it never waits for room. */
export const gatheredBytesMax = 16 * MiB
/** Blocks of a segment that does not become whole are stored after one to two of these. */
export const gatherMs = 500

// --- exchange ---

/** Blocks in one message: 3 × 64 KiB and a header fit the largest WebRTC message between our peers. */
export const messageBlocks = 3
/** Largest message on a WebRTC lane between our peers; Chromium takes 256 KiB, less room for libp2p's framing. */
export const laneMessageBytes = 256 * KiB - 64
/** A frame over this is refused before it is read: one block of the largest size, or a welcome with a full manifest. */
export const frameBytesMax = 1 * MiB
/** Asked for and not yet here, one session. At 100 ms it carries 40 MiB/s. */
export const windowBytesMax = 4 * MiB
/** Before a pace is measured: a crowd of 48 that begins at once asks for 12 MiB of one holder; a quick path doubles it each round. */
export const windowBytesStart = 256 * KiB
/** However bad the pace: one block comes while the next is asked for. */
export const windowBlocksMin = 2
/** No more is asked of a peer than it delivers in this time, so that what a slow one holds up is soon free again. */
export const queueAheadMs = 2_000

// --- engine ---

/** Segments under way while adding: one is read while one is sealed, one hashed and one written; 16 MiB, and as much again of plaintext. */
export const addAheadSegments = 4
/** Blocks sealed by one call of the cipher: 512 KiB, for the reason that `fileWriteBytes` has; twice as much takes half as long again. */
export const sealStepBlocks = 8
/** Leaves of a block map; more than this nobody tells apart on a phone. */
export const leavesDrawnMax = 384
/** Blocks that one chunk of a read covers: 1 MiB, large enough that calls between threads cost nothing, small enough to hold. */
export const readStepBlocks = 16
/** Blocks wished for beyond those that a reader waits for: 16 MiB, some ten seconds of good video. */
export const readAheadBlocks = 256
/** What may be stored until the person says otherwise: room for a few long videos, no burden for a usual disk. */
export const defaultLimitBytes = 20 * 1024 * MiB
/** The secret of a share: 128 random bits. */
export const secretBytes = 16

// --- tabs of one browser ---

/** Calls of one tab that wait for others, and calls of others that one tab has under way: a few readers in each of many tabs. */
export const tabCallsMax = 64
/** Readers of other tabs whose wishes are remembered; the oldest is forgotten. */
export const tabReadersMax = 64
/** A call that is not answered is said again after this: within the 2 s that a change of leaders may take. */
export const tabCallRepeatMs = 1_000
/** A tab that gives no sign for so long, though it is called, is frozen: another takes its place. */
export const tabSilenceMs = 5_000

// --- sealed data sets and links ---

/** Files in one share: ten times what a person shares, few enough to list in memory. */
export const indexFilesMax = 100_000
/** Index of a share: 100,000 files with long names; it is held in memory whole. */
export const indexBytesMax = 16 * MiB
/** A path in a share, UTF-8; below what common systems allow with a folder in front. */
export const pathBytesMax = 1024
/** Fields of one entry of the index: those known, and as many again that a later version may add. */
export const entryFieldsMax = 16
/** The largest time that a Date holds, in milliseconds since 1970. */
export const timeMsMax = 8.64e15
/** Names in a path, folders and file; no person nests deeper, and what lies deeper loses its folders. */
export const pathNamesMax = 32
/** One name in a path, UTF-8: what common file systems and Codex allow. */
export const nameBytesMax = 255
/** A mime type; Codex's bound. */
export const mimeBytesMax = 128
/** Text of a link; a link with all its relay hints has about 1,000 characters. */
export const linkTextMax = 4096
/** Relay hints that are followed from one link. */
export const linkRelaysMax = 4
/** A longer Range header is ignored; two numbers of 16 digits need 50 characters. */
export const rangeTextMax = 100
/** Text of one relay hint: a long host name, a path, or a multiaddr with a peer id. */
export const relayHintTextMax = 200

// --- exchange, what one peer may ask ---

/** Ranges in one message; a bitmap worse than that is told in several messages. */
export const rangesPerFrameMax = 1024
/** So many times the blocks of a data set one session may say to hold, or no longer: once is usual, and each costs a look. */
export const holdingsToldMax = 8
/** Blocks that one session may have asked for and not yet got; beyond, `refuse(busy)`. Four full windows of 64 KiB blocks. */
export const queuedBlocksMax = 256
/** Hash groups that one session may have asked for and not yet got. */
export const queuedGroupsMax = 16
/** What may go out at once under an upload limit after a pause, in time of it. */
export const uploadBurstMs = 250
/** Messages under way from store to lane for one session: one is read while one is sent. */
export const messagesUnderWayMax = 4
/** Asked for, hashed and not yet durable, one data set: eight segments. */
export const unstoredBytesMax = 32 * MiB
/** A session that owes something and sends nothing for so long is ended, and its peer left alone for a while. */
export const stallTimeoutMs = 15_000
/**
 * The same, counted from when it is silent and others that could bring what it owes have nothing else to do: an honest
 * one answers sooner (SW18), and after a sleep of this machine it has so long.
 */
export const holdUpMs = 4_000
/** Who is woken so late for what was due has slept, and judges nobody by the silence. */
export const sleptMs = 1_000
/** First rest of a peer that failed; doubled each time up to the longest. */
export const backoffMs = 1_000
export const backoffMsMax = 60_000
/** A peer that lied is not asked again for so long. */
export const banMs = 10 * 60_000
/** Peers of one data set that are dialled; more share no more of one person's line. */
export const peersDialledMax = 8
/** Among peers that trade, those that are connected to fewer are dialled in addition, one each `dialMoreMs`: whoever comes late is dialled by nobody. */
export const peersTradedMax = 16
export const dialMoreMs = 500
/**
 * One more than `peersDialledMax` is dialled when those connected gave less than this in all since the last look: some
 * may drip on purpose. Looks that found no more than before, times the gain, come half as often, down to the longest: a
 * slow line of our own stays as slow with more of them.
 */
export const slowBytesPerSecond = 256 * KiB
export const slowLookMs = 30_000
export const slowLookMsMax = 10 * 60_000
export const slowGain = 1.15
/** Sessions of one data set, dialled and accepted: the browser's connections are counted. */
export const sessionsMax = 48
/** Of them, those that came by themselves while something is lacking: the others, twice what is dialled at first, are for those that are dialled. */
export const sessionsAcceptedMax = 32
/** Who gave and got nothing for so long gives its place to another: as long as a turn takes under an upload limit. */
export const placeIdleMs = 5_000
/** Hash groups among whose blocks the rarest is sought: 128 MiB, many more than all peers of a session have in flight. */
export const horizonGroups = 4
/** From so many holders on it does not matter that a block has more: it is as good as safe. */
export const rareHoldersMax = 3
/** Segments compared before one is chosen: the best of a dozen drawn at random is nearly the best of all. */
export const segmentsComparedMax = 12
/** Segments being filled at one time: 32 MiB; beyond, those begun go before rarer ones, so that the store writes them whole. */
export const segmentsBegunMax = 8
/** Of so many blocks, one may be asked of a second peer before the first has given it up: duplicates stay under 1 %. */
export const blocksPerSecond = 128
/** One that owes blocks and brings nothing for so long is silent, not only slow: who serves twenty at once sends to each every two seconds. */
export const silenceMs = 4_000
/** And for so many times as long as between two of its answers before: many who wait for a slow line wait longer. */
export const silentGaps = 2
/** But for no longer than this: whoever answers ever more slowly would never be silent. */
export const silenceMsMax = 8_000
/** What each answer leaves of the longest time between two of them. */
export const gapFade = 0.9
/** What a silent one owes may be asked of another, of however few blocks: all that was asked of it at first. */
export const silentBlocks = windowBytesStart / blockBytes
/** Between two looks for blocks that another peer would bring sooner. */
export const secondLookMs = 250
/** What another peer must win at least for a block to be taken from one that was asked for it. */
export const secondGainMs = 500
/** Blocks suggested to one peer at a time: a message at the least, a segment at the most. */
export const suggestedBlocksMin = 4
export const suggestedBlocksMax = 64
/** Between two looks of a holder at how much comes to others. */
export const restLookMs = 500
/** Such looks whose best is what they get: what they have is told in bursts. */
export const restLooks = 4
/** It gives again when they got so many times as much in all while it did: as a holder as fast as two of three takers brings. */
export const restGain = 1.6
/** One that gives looks after so long whether they do as well without it; twice as long after each time that they did not. */
export const restTryMs = 4_000
export const restTryMsMax = 60_000
/** A holder whose suggestions were all followed and that suggests nothing for so long is asked for anything. */
export const suggestionMs = 3_000
/** Peers told of in one message. */
export const peersToldMax = 8
/** Between two such messages to one peer. */
export const peersTellMs = 30_000
/** What was stored is made durable after this while another peer lacks something: half as long makes a crowd no quicker, twice as long slows it. */
export const passOnMs = 200
/** Time between two `have` messages to one peer. */
export const haveIntervalMs = 250
/** A lane that opened and says no hello within this time is closed. */
export const helloTimeoutMs = 10_000
/** Hash groups asked of one session at once: the one at hand and the next. */
export const groupsAheadMax = 2
/** Hashes in the path of a group; a tree of 2³² leaves has 23 levels above its groups. */
export const pathNodesMax = 32
/** A greeting has about 70 bytes; later versions may say more. */
export const helloBytesMax = 1 * KiB
/** Lanes of one session: on long paths eight carry eight times as much as one, more than that hardly more. */
export const lanesPerSessionMax = 8
/** A session grows to so many lanes, then to so many: few steps, since each takes seconds to judge. */
export const sessionWidths = [4, lanesPerSessionMax] as const
/** Below this round trip one connection carries what a tab can work off. */
export const wideRoundTripMs = 15
/** From this round trip on one connection is always slow: the first further lanes are not waited for. */
export const farRoundTripMs = 40
/** What comes faster than this is not held up by the path. */
export const wideBytesPerSecond = 16 * MiB
/** Less than this is here before further lanes would be. */
export const wideBytesMin = 4 * MiB
/** Between two looks at what the lanes of a session carry; ten round trips where that is longer. */
export const widthLookMs = 1_000
/** Sessions that have begun to fetch are looked at together so often. */
export const widthBeginMs = 100
/** Lanes that were added are judged by the best of so many looks: a new connection takes time to find its pace. */
export const widthLooks = 3
/** They stay when all together carry so many times what they did before. */
export const widthGain = 1.15
/** Lanes that did not pay, or could not be opened, are not tried again for so long; doubled each time. */
export const widthRestMs = 30_000
/**
 * Lanes over which one data set is fetched, of all its sessions, before more are opened: so many carry what a tab can
 * work off, and what comes from many peers needs no more than one each.
 */
export const fetchLanesMax = 8
/** The path holds an answer up, and not this machine, when the machine is late by no more than so much of the round trip. */
export const lateShare = 1 / 4
/** How late this machine is, is seen so long after the first session began, if not before. */
export const lateProbeMs = 20
/** Further lanes that one data set takes from others. */
export const furtherLanesTakenMax = 64
/** A peer that answered `busy` is asked again after this. */
export const busyRestMs = 1_000
/** Blocks at a reader's position that are worth a cancel of what was asked before: 1 MiB, a moment of video. */
export const urgentBlocks = 16
/** Peers remembered for one data set; the oldest unused go first. */
export const knownPeersMax = 256
/** Peers remembered with an item beyond a visit, and for how long: the other half of those dialled is for whom a tracker tells of. */
export const metPeersMax = 4
export const metPeerMs = 7 * 24 * 3_600_000

// --- tracker ---

/** How long an announcement counts; said again at half of it. */
export const announceTtlMs = 10 * 60_000
export const announceTtlMsMax = 60 * 60_000
/** Peers in one answer: more than a tab connects to. */
export const peersPerAnswerMax = 24
/** A signed peer record with its addresses. */
export const recordBytesMax = 4 * KiB
/** Text of a peer id: 52 for Ed25519, 46 for older ones, and room. */
export const peerIdCharsMax = 80
/** A holder that a tracker told of counts as a copy for so long: until the next answer, and a minute. */
export const copyHeardMs = announceTtlMs / 2 + 60_000
/** Swarms that one peer may take part in: the library of a keeper of 100,000 data sets. */
export const swarmsPerPeerMax = 131_072
/** As many, once a relay keeps more than `announcementsCrowded`: a library of thousands; so no few peers can fill a relay. */
export const swarmsPerPeerCrowdedMax = 4096
/** Peers that a relay keeps of one swarm: a community of 10,000. */
export const swarmPeersMax = 10_000
/** Announcements that a relay keeps in all, some 200 bytes each. */
export const announcementsMax = 1_000_000
/** From so many on large libraries give way: half is left to everybody else. */
export const announcementsCrowded = announcementsMax / 2
/** Watchers told of a newcomer that has not everything; whoever has everything is told to all. */
export const watchersToldMax = 32
/** Work that a client may cause at once and each second, in messages in and out: a whole library announced, with room. */
export const trackerBurst = 4 * 4096
export const trackerPerSecond = 100
/** Swarms of one message that says what a keeper holds: a quarter of what a message may have. */
export const holdSwarmsMax = 1024
/** Of those, so many cost what one message costs: they are so much less work than a message each. */
export const holdSwarmsPerCost = 64
/** How long that counts; said again at half of it. */
export const dormantTtlMs = 6 * announceTtlMs
/** An item that nobody asked for so long, and that has nothing to do, leaves memory; looked for this often. */
export const dormantAfterMs = 60_000
export const dormantLookMs = 20_000
/** A tracker message: an answer full of peers. */
export const trackerFrameBytesMax = 128 * KiB

/** Time between two looks for announcements that expired. */
export const trackerSweepMs = 60_000

// --- relays among one another ---

/** Relays that one asks about one swarm: a swarm at more of them is met at these, and its peers pass on the rest. */
export const relaysPerSwarmMax = 8
/** Relays that one keeps lanes to at a time. */
export const relayLanesMax = 128
/** Swarms that one relay may ask another about, and that it may say it serves: sixteen full libraries, some 200 bytes each. */
export const relaySwarmsMax = 65_536
/** Work that another relay may cause at once and each second: it begins with all of its swarms. */
export const relayBurst = 2 * relaySwarmsMax
export const relayPerSecond = 1_000
/** Peers of one swarm that are known of other relays: two answers. */
export const heardPeersMax = 48
/** Peers that are known of other relays in all, some 600 bytes each. */
export const heardMax = 100_000
/** A relay that could not be reached, or ended its lane, is not asked again for so long. */
export const relayRestMs = 15_000
/** A swarm that nobody was found of is looked up again for a newcomer after so long. */
export const lookUpAgainMs = 20_000
/** It is looked up again by itself after these pauses: two relays that began at the same moment, or a record on its way, first. */
export const lonelyPausesMs = [1_000, 8_000, 60_000, 8 * 60_000, 60 * 60_000] as const
/** Look-ups and provisions that one relay runs at a time, and begins each second: some 10 and 20 messages each. */
export const lookUpsAtOnceMax = 32
export const lookUpBurst = 400
export const lookUpsPerSecond = 40
export const providesAtOnceMax = 8
export const provideBurst = 100
export const providesPerSecond = 10
/** A look-up or provision that takes longer is given up: what it found until then counts. */
export const dhtQueryMs = 10_000
/** One message to another relay within a look-up: a dial over the world and back. */
export const dhtMessageMs = 2_000
/** How long a relay remembers that another serves a swarm, and after how long it is told again: two tellings may fail. */
export const providerTtlMs = 6 * 3_600_000
export const provideAgainMs = 2 * 3_600_000
/** Copies of what the DHT remembers, and relays in one bucket of its table: eight of ten may be gone. */
export const dhtCopies = 10
/** Between two looks for the relays that are nearest in the table: so long after a relay began all know it. */
export const dhtSelfMs = 30_000
/** The same for a program that is no relay: nobody waits for it to be known, and those that it knows are enough for long. */
export const dhtClientSelfMs = 10 * 60_000
/** Ways that a look-up takes at once, and relays that it asks at once on each. */
export const dhtPaths = 3
/** What a relay remembers for the DHT in all, and of one other relay; some 300 bytes each. */
export const providersMax = 262_144
export const providersPerRelayMax = 65_536
/** Relays of one swarm that are remembered. */
export const providersPerSwarmMax = 64
/** Requests of the DHT that one connection may make at once, and each second. */
export const dhtRequestBurst = 1_024
export const dhtRequestsPerSecond = 200
/** One request of the DHT: a key, and addresses of ten relays. */
export const dhtRequestBytesMax = 16 * KiB
/** Names that a list of relays in the DNS may lead through, and relays that it may name. */
export const dnsaddrDepthMax = 3
export const bootstrapMax = 32
/** Between two tries to reach the relays that were named: while none is known, and once some are. */
export const bootstrapAloneMs = 3_000
export const bootstrapMs = 5 * 60_000
/** A name, or a relay that was named, answers within this. */
export const bootstrapTryMs = 5_000

// --- keep ---

/** How long a keeper promises to keep what it accepts, at most; renewable. */
export const keepTermMsMax = 30 * 24 * 60 * 60_000
/** What the keeper within a relay holds in all: little beside a usual disk. */
export const keepBytesMax = 1024 * MiB
/** One data set at a keeper, and all that one peer offers in a visit: half of it, so that nobody alone fills a small keeper. */
export const keepDataSetBytesMax = keepBytesMax / 2
export const keepPeerBytesMax = keepBytesMax / 2
/** Data sets that a keeper holds: as many as it can announce at one tracker. */
export const keepSetsMax = 131_072
/** Of them, those that are not whole yet, which are in memory: some 8 KiB each while they are fetched. */
export const keepComingMax = 4096
/** Data sets that one peer may offer in a visit: a library of a thousand shares. */
export const keepPeerSetsMax = 1024
/** Owners of one copy: who offers what is held already gets a receipt too, and the copy stays until the last one lets go. */
export const keepOwnersMax = 8
/** A message of the keep protocol; an offer has about 250 bytes. */
export const keepFrameBytesMax = 1 * KiB
/** What shows that a copy at a keeper is one's own: 256 random bits. */
export const ownerKeyBytes = 32
/** What shows that somebody is invited: 256 random bits; a later keeper may give longer ones. */
export const keepTokenBytes = 32
export const keepTokenBytesMax = 64
/** Invitations that a keeper has given, each under a name of its own: some 150 bytes each in its catalog, an announcement at each tracker. */
export const invitationsMax = 1024
/** Those that were revoked and are told apart from what nobody gave, by hashes of 64 characters. */
export const invitationsRevokedMax = 1024
/** Characters of such a name, which people read. */
export const invitationNameCharsMax = 64
/** Characters of an invitation: a record, terms and a token take 6.3 KiB in base64url, and the address of a page comes before. */
export const invitationTextMax = 8 * KiB
/** Invitations that a device remembers: twice what one share may wish for, some 700 bytes each. */
export const invitationsRememberedMax = 16
/** A receipt has about 180 bytes. */
export const receiptBytesMax = 512
/** Messages that one peer may send a keeper at once, and each second. */
export const keepBurst = 4 * 1024
export const keepPerSecond = 20
/** An accepted copy of which nothing more comes for so long is given up: its room is for others. */
export const keepStallMs = 60 * 60_000
/** A keeper whose disk failed goes on with a copy after so long: longer than what passes by itself, far within what gives it up. */
export const keepDiskRetryMs = 60_000
/** What could not be removed at the end of its term is tried again after so long. */
export const keepEndsPauseMs = 60_000
/** Of a page of copies whose term is over at once, trackers are told of so many; what else they name is forgotten within the hour, and 100,000 ends stay within what they take. */
export const endsToldMax = 32
/** Between two messages about how much of a copy has come. */
export const keepTellMs = 500
/** A keeper answers within this, or is asked again later. */
export const keepAnswerMs = 20_000
/** How often a keeper is asked whether it still has what it promised: with the time below, a silent one is not called safe for longer than some 6 minutes; 1,024 data sets are 6 questions a second. */
export const keepCheckMs = 3 * 60_000
/** A keeper that cannot be reached for this long is replaced: longer than a restart takes. */
export const keepGoneMs = 2 * 60_000
/** First pause before a keeper that failed is asked again; doubled up to the longest. */
export const keepRetryMs = 2_000
export const keepRetryMsMax = 2 * 60_000

/**
 * Keepers that a share is handed to unless its person says another number: one may leave, and the other is there until a
 * third has a copy. They trade blocks, so that two are safe as soon as one would be; where they cannot reach each other,
 * each is another upload. A third would be room taken at keepers for what a replacement does while a holder is online.
 */
export const keepersAsked = 2
/** Promises that are remembered of one data set: of the keepers that have it, and of those that they replaced. */
export const keepPromisesMax = 16
/** Keepers of earlier visits that are asked again without being named or found: a library's, some 500 bytes each. */
export const keepersRememberedMax = 64
/** Keepers that one relay may name. */
export const keepersMax = 8
/** Keepers that are met through relays and known at a time: twice what a share may wish for. */
export const keepersFoundMax = 16
/** Pauses between looks for keepers while too few are known: for relays that look further first; the last one goes on. */
export const keeperLookPausesMs = [5_000, 25_000, 30_000, 10 * 60_000] as const
/** Keepers that are asked for their terms at a time, and between two looks: a flood of false ones costs no more. */
export const termsAskedAtOnceMax = 2
export const termsAskedPerLookMax = 12
/** One that was asked for its terms is not asked again for so long; so many are remembered. */
export const termsAgainMs = 60 * 60_000
export const termsRememberedMax = 256

// --- network ---

/** What a WebRTC lane may hold unsent; Chromium breaks at 16 MiB. */
export const laneBufferBytesMax = 8 * MiB
/** What a lane that takes no more may still hold when its sender goes on: half of what a relay's socket takes at once. */
export const laneAheadBytesMax = 512 * KiB
/** A lane that holds so much unsent is cut: what is on the way across the bridge, and as much as one session may ask for. */
export const laneUnsentBytesMax = 12 * MiB
/**
 * Lanes of one protocol between two peers, each way: as many as libp2p lets one open where nothing else is said. A lane
 * may hold some 2 MiB that its peer does not read. The data sets of a larger library share them, since a lane that carried
 * nothing for so long ends for another.
 */
export const lanesPerPeerMax = 64
export const laneIdleMs = 10_000
/** Lanes that are refused to a peer one after the other: none of ours opens so many. */
export const lanesRefusedMax = 64
/** Streams of one connection, with those that have not said what they speak: all of its lanes, and as many as libp2p allows a socket. */
export const streamsPerConnectionMax = 1_000
/** Over WebRTC a message up to this goes together with its length; a longer one would have to be copied for that. */
export const wholeMessageBytesMax = 4 * KiB
/** Connections beyond the first to each peer, of all data sets. */
export const furtherConnectionsMax = 32
/** A dial that takes longer failed, whatever carries it. */
export const dialTimeoutMs = 20_000
/** After this no further address of one peer is tried: all ways there are have had their time, and others wait for the place. */
export const dialAddressesMs = 60_000
/** How long a connection that was idle has to take a new lane, before a new connection is made instead: it may be dead and not know it. */
export const idleAnswerMs = 3_000
/**
 * How long a step of a try for a direct connection may take. A whole try takes 0.2 s side by side and 1 s over 100 ms; nine
 * browsers on two cores take up to 5.4 s for a step and ten for the whole. libp2p does not tell when one has failed, so
 * there is a second.
 */
export const directTryMs = 6_000
export const directTries = 2
/**
 * So many peers are tried at a time, each for so long before the next has its turn: nine browsers on two cores that all
 * dial each other at once make no connection within the time that a try has; a few at a time take a second.
 */
export const directTurns = 2
export const directTurnMs = 2_500
/**
 * A peer that looks for peers itself calls within this, where both hear of each other at once; where others have more to
 * give, it has until the last of its own turns would come.
 */
export const directCallMs = 3_000
export const directCallMsMax = 9_000
/** Once it has called, a peer has the time of two steps to connect: to answer, and to find a way. */
export const directCalledMs = 2 * directTryMs
/** Who is dialled waits for the dialler's next step for so long: as long as a step of a try. */
export const beginningMs = 6_000
/** A dialler's first channel stays open for so long: Firefox misses the end of one that is closed within a millisecond. */
export const beginningEndMs = 30
/** A peer's circuit serves while it is tried directly, after so long: ten times what that takes side by side. */
export const directPatienceMs = 4_000
/**
 * A peer that could not be reached directly is reached through the relay for so long before it is tried again, and twice
 * as long after each further try: a machine that was too busy is not for long, and a NAT in the way stays there.
 */
export const directRestMs = 10_000
export const directRestMsMax = 5 * 60_000
/** One try for a plain socket; an address in another network does not answer at all. */
export const socketTryMs = 2_500
/** Plain sockets of one peer that are tried. */
export const socketTriesMax = 3
/** Time for lanes that are being opened before connections that carry none are closed. */
export const spareConnectionMs = 10_000
/** A circuit with less left of its budget carries no new lane. */
export const circuitReserveBytes = 4 * MiB
/** What was sent on a lane goes out within this when it is closed, or it is cut. */
export const laneCloseMs = 2_000
/** Relays that a peer holds on to: its own and those of some links. */
export const relaysMax = 16
/** Relays that one relay names to its peers, and those of all that a peer remembers, for when its own are away. */
export const otherRelaysMax = 4
export const spareRelaysMax = 8
/** Relays of its own that a program wants which knows others by the DHT; for a tab one is enough. */
export const programRelays = 2
/** Where fewer are there, others make them so many more than enough, after so long: more than a restart takes. */
export const sparesBeyondEnough = 1
export const spareAfterMs = 4_000
/** They are left again when enough of one's own were there for so long; one that failed so often gives way to the next. */
export const spareRestMs = 60_000
export const spareFailuresMax = 2
/** How often a relay is asked anew whom it names: what it says of itself is asked whenever it is joined. */
export const relayAskAgainMs = 60 * 60_000
/** How often a program looks whether it has too few relays; while it has, it asks the DHT, and waits twice as long. */
export const relaysDrawMs = 10_000
/** Other relays whose addresses a relay knows, to draw from. */
export const relaysDrawnMax = 64
/** Relays of links remembered beyond a visit, and for how long since such a link was opened: they learn when this peer is here. */
export const metRelaysMax = 8
export const metRelayMs = 30 * 24 * 3_600_000
/** A relay answers within this, or is tried again later. */
export const relayTimeoutMs = 8_000
/** First pause before a relay is tried again; doubled up to the longest: half of the 5 s within which a tab is back, the rest is for connecting. */
export const relayRetryMs = 500
export const relayRetryMsMax = 2_500
/** Between two looks whether a relay still answers: a socket whose network is gone stays open for minutes. */
export const relayProbeMs = 20_000
/** A relay that does not answer a probe within this is gone. */
export const relayProbeTimeoutMs = 3_000
/** A relay over webrtc-direct is asked so often: a stream costs it 7 ms, and WebRTC itself notices within 30 s that nobody is there. */
export const directProbeMs = 60_000
/** Addresses in a peer's record. */
export const recordAddressesMax = 16
/** TURN servers that one connection asks for ways, which each cost it an allocation over UDP and over TCP. */
export const turnServersMax = 2
/** Text of a TURN user name or password. */
export const turnTextMax = 256
/** A relay's `/config.json`. */
export const relayConfigBytesMax = 64 * KiB
/** Streams at one time by which one peer asks a relay for that. */
export const configStreamsMax = 4
/** How often the clock is looked at, by which relays and data sets see that the machine slept, and the jump which means that. */
export const clockTickMs = 2_000
export const clockJumpMs = 5_000
/** Sent by the worker and not yet taken by the lane; beyond, the sender waits. */
export const bridgeBytesMax = 8 * MiB

// --- relay ---

/** Tabs that may be reachable through one relay; an idle one costs about 155 KB. */
export const relayReservationsMax = 4096
/** Renewed by the tab well before; what a crashed tab leaves is gone soon. */
export const relayReservationTtlMs = 15 * 60_000
/** Tabs behind one address: an office or a school behind one NAT. */
export const relayReservationsPerAddressMax = 512
/** Data through one circuit as a last resort, and how long. */
export const relayCircuitBytesMax = 64 * MiB
/** An operator lets none carry less: two peers that make a direct connection tell each other some 20 KB by it. */
export const relayCircuitBytesLeast = 1 * MiB
export const relayCircuitMsMax = 30 * 60_000
/** Circuits in all: one for each reservation, most of them for the moment that a direct connection takes to make. */
export const relayCircuitsMax = 4096
/** Circuits that one peer may have open at once, those it asked for and those to it. */
export const circuitsPerPeerMax = 256
/** A request for a reservation or a circuit; each has about 100 bytes. */
export const circuitMessageBytesMax = 4 * KiB
/** Fields in such a message: those known, and addresses that nobody here needs. */
export const circuitFieldsMax = 64
/** A request for a circuit is answered within this, the other peer's answer included. */
export const circuitRequestMs = 30_000
/** Requests for circuits and reservations that one address may make at once, and each second: the peers of some swarms. */
export const circuitRequestBurst = 1024
export const circuitRequestsPerSecond = 20
/** Relayed data of all circuits: a fifth of what a line of 1 Gbit/s carries, so that signalling always gets through. */
export const relayedBytesPerSecond = 24 * MiB
/** Relayed data of one address that goes at full pace, and then each second. */
export const relayedBurstBytes = 1024 * MiB
export const relayedAddressBytesPerSecond = 1 * MiB
/** A turn of one circuit where the budget is scarce: libp2p encrypts as much at once. */
export const circuitPieceBytes = 64 * KiB
/** Between two looks whether those who wait for their turn may go. */
export const circuitTurnMs = 20
/** Between two looks for circuits that stand still. */
export const circuitSweepMs = 1_000
/** A circuit of which one side takes nothing for so long is ended: longer than a change of networks takes. */
export const circuitStallMs = 30_000
/** What all circuits may hold of bytes not yet taken; beyond, those that stand still longest are ended at once. */
export const circuitsHeldBytesMax = 128 * MiB
/** How far a stream of a relay's socket may run ahead of what was taken: 10 MiB a second over 100 ms, and what a stalled receiver costs at most. */
export const relayStreamWindowBytesMax = 1 * MiB
/** Streams on one socket: circuits both ways, tracker, and what a built-in keeper takes. */
export const relayStreamsMax = 1024
/** WebSockets to one relay: reservations, and those who only ask. */
export const relaySocketsMax = 2 * 4096
/** WebSockets of one address, and how many it may open at once and each second: as many tabs as may be reachable behind it. */
export const relaySocketsPerAddressMax = 512
export const relaySocketBurst = 512
export const relaySocketsPerSecond = 10
/** Sockets that have not said who they are yet: a thousand tabs that come back at once; of one address, no more than a few seconds' worth. */
export const relayHandshakesMax = 2048
export const relayHandshakesPerAddressMax = 64
/** Connections by webrtc-direct: an idle one costs some 0.5 MiB and 0.05 % of a core, three times the memory of a WebSocket; of one address, a quarter of that. */
export const directSocketsMax = 1024
export const directSocketsPerAddressMax = 256
export const directSocketBurst = 256
export const directSocketsPerSecond = 5
/** Of those that have not said who they are yet: a source of UDP can be invented, so that who floods has many addresses. */
export const directHandshakesMax = 256
export const directHandshakesPerAddressMax = 32
/** How long they may take: six round trips over the worst of lines. A tab of a relay that was killed and is back learns after this that it has to begin anew. */
export const directHandshakeMs = 6_000
/** Such connections begun, of all addresses together, at once and each second: each takes some milliseconds of the processor. */
export const directBeginningsBurst = 256
export const directBeginningsPerSecond = 50
/** What a side of a circuit that cannot be paused may have sent ahead: twice what one session has asked for. */
export const directAheadBytesMax = 2 * windowBytesMax
/** How long the start waits for the addresses of the public host, and how often they are looked up again. */
export const publicLookMs = 2_000
export const publicLookAgainMs = 10 * 60_000
/** Public addresses of one relay that it names for webrtc-direct: some of each family. */
export const directAddressesMax = 4
/** A socket is encrypted and divided within this, or cut. */
export const relayHandshakeMs = 10_000
/** A socket without a reservation or a stream is cut after this. */
export const relayIdleMs = 60_000
/** One message on a relay's socket: libp2p encrypts at most 64 KiB at once. */
export const relaySocketMessageBytesMax = 1 * MiB
/** What a relay's socket may hold unsent before its sender is made to wait. */
export const relaySocketBufferBytesMax = 1 * MiB
/** What a tracker has told one tab and it has not read: eight full answers. */
export const trackerUnreadBytesMax = 1 * MiB
/** TCP connections of one relay, and of one address: sockets, and those that fetch the page. */
export const relayConnectionsMax = relaySocketsMax + 2048
export const relayConnectionsPerAddressMax = relaySocketsPerAddressMax + 128
/** Headers of a request are here within this, a whole request within twice that, or it is cut. */
export const httpHeadersMs = 10_000
/** A reader of the page that takes nothing for so long is cut. */
export const httpIdleMs = 60_000
/** Requests that one address may make at once and each second: a page has some forty files. */
export const httpRequestBurst = 2048
export const httpRequestsPerSecond = 50
/** STUN answers to one address at once and each second: a tab asks a handful of times for each connection. */
export const stunBurst = 512
export const stunPerSecond = 50
/** Addresses whose requests are counted; those unused for longest are forgotten. */
export const addressesCountedMax = 16_384
/** A header that says whom proxies speak for, and the proxies in it that are looked at. */
export const forwardedTextMax = 1 * KiB
export const forwardedHopsMax = 16
/** Between two lines of the log that tell of the same limit. */
export const refusalLogMs = 1_000
/** Between two looks whether a certificate has changed. */
export const tlsLookMs = 10_000
/** A PEM file: a chain of a few certificates. */
export const tlsFileBytesMax = 256 * KiB
/** A relay that is told to stop lets circuits end for so long by default: below the 10 s that containers are given. */
export const relayDrainMs = 8_000
/** Peers that are told to move have this long to hear of it before their sockets are closed. */
export const relayTellMs = 500
/** A relay that is stopped ends its connections within this, or is cut off. */
export const relayStopMs = 1_500
/** TURN credentials can be used for so long after they were given; a tab asks anew after half of it. */
export const turnLifeMs = 12 * 3_600_000
/** Allocations of one household: two for each peer connection of three busy tabs. */
export const turnUserAllocationsMax = 256
/** Allocations in all: as many tabs as may be reachable here, with one connection each. */
export const turnAllocationsMax = 2 * 4096
/** Through one allocation, each second: four good videos. */
export const turnBytesPerSecondMax = 4 * MiB
/** UDP ports that TURN relays from: those that systems give out for the moment. */
export const turnRelayPortMin = 49_152
export const turnRelayPortMax = 65_535
/** coturn takes clients within this, or is looked after in the background. */
export const turnStartMs = 5_000
/** coturn ends within this, or is cut off: sooner than the relay is. */
export const turnStopMs = 500
/** First pause before coturn is started again; doubled up to the longest. */
export const turnRetryMs = 1_000
export const turnRetryMsMax = 60_000
/** A file of settings: some dozens of short lines. */
export const configBytesMax = 64 * KiB
/** Time between two lines about a relay's load. */
export const relayLogMs = 60_000

// --- streams of the service worker, and saving ---

/** Between two looks whether a page that answers a stream is still there; also keeps browsers from ending the worker, at 30 s without events. */
export const streamPingMs = 5_000
/** Looks without an answer after which the page counts as gone: 15 s, longer than any work that blocks a page. */
export const streamPingsMax = 2
/** How long only the page that asked is asked; then every page of ours is. */
export const streamFirstAnswerMs = 2_000
/** What may be gathered in memory to be saved where nothing can be streamed to disk. */
export const saveInMemoryBytesMax = 512 * MiB
/** The service worker waits for the first bytes of a link that was opened, at most so long. */
export const shellDelayMs = 3_000
/** First pause before the service worker is installed again, where the network failed meanwhile; doubled up to the longest. */
export const shellRetryMs = 1_000
export const shellRetryMsMax = 60_000
/** Time for the worker to take charge of a page before saving goes another way. */
export const workerReadyMs = 5_000
/** Small pieces of an archive travel together: a message for each of 100,000 headers would cost seconds. */
export const zipChunkBytes = 256 * KiB
/** Time between two notifications about one subject; more often than ten times a second nobody can see. */
export const notifyIntervalMs = 100
/** Memory that a tab may fill when nothing can be stored: beyond it the browser ends the tab. */
export const memoryBytesMax = 512 * MiB

// --- the command line ---

/** One request to a program that runs: the paths of many files. */
export const controlBodyBytesMax = 1 * MiB
/** Files of a share that are written at one time: each waits for the disk, which flushes several as fast as one. */
export const exportFilesMax = 32
/** And all of these together are no larger, so that a large one is written by itself. */
export const exportAheadBytes = 4 * MiB
/** Whoever waits for copies at keepers waits so long for one to be known, and for more to come to one. */
export const keeperFindMs = 30_000

// --- a keeper's HTTP API ---

/** Head of a request: what nodes of Codex take. */
export const restHeadBytesMax = 8 * KiB
export const restHeadTimeoutMs = 10_000
/** A connection on which nothing moves for so long is closed: a client that reads slowly still reads. */
export const restIdleMs = 120_000
/** Of an upload, so much may wait for the disk: it is then written with one call, which costs as much as one for 64 KiB. */
export const spoolAheadBytesMax = 2 * MiB
/** Segments of all uploads that are in memory at one time, however many there are: 32 MiB, and as much again while they are hashed. Without a bound 64 uploads take longer. */
export const uploadSegmentsMax = 8
/** Until somebody who has a manifest must have given it: callers wait no longer for what nobody has. */
export const restFindMs = 30_000
/** Fetches in the background that clients can ask about; the oldest is forgotten. */
export const downloadsMax = 1_000
/** Of a body that was refused, so much is read on: a client that cannot stop sending gets its answer. */
export const discardedBytesMax = 64 * MiB
/** Name of an upload, as UTF-8: what file systems allow. */
export const uploadNameBytesMax = 255
