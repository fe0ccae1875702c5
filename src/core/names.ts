import { sha256 } from '@noble/hashes/sha2.js'
import type { PeerId } from './ids.ts'
import { utf8Encode } from './proto/utf8.ts'

// 64 words each, so that 6 bits choose one. Appending or changing one renames peers: they are labels, nothing stores them.
const qualities = (
  'Amber Ashen Autumn Azure Birch Bold Brave Bright Brisk Bronze Calm Cedar Clear Cloudy Copper Coral ' +
  'Crimson Curious Dapper Eager Early Fair Fleet Gentle Golden Grand Green Grey Hazel Honest Indigo Ivory ' +
  'Jolly Keen Kind Late Light Lively Lucky Maple Mellow Merry Misty Modest Mossy Nimble Noble Olive ' +
  'Patient Plain Proud Quick Quiet Ready Rosy Ruby Sandy Silver Snowy Steady Sunny Swift Warm Willow'
).split(' ')
const animals = (
  'Badger Beaver Bison Bittern Bobcat Bunting Camel Caribou Cicada Cod Condor Coot Coyote Crane Cricket Curlew ' +
  'Deer Dolphin Dove Dunlin Eagle Egret Eider Elk Falcon Ferret Finch Fox Gannet Gecko Goldfinch Grebe ' +
  'Hare Heron Ibex Ibis Jackdaw Kestrel Kite Lapwing Lark Linnet Lynx Magpie Marten Moose Newt Nuthatch ' +
  'Osprey Otter Owl Panda Pelican Plover Puffin Raven Robin Salmon Seal Sparrow Stork Swallow Tortoise Wren'
).split(' ')

/** Two plain words for a peer, always the same ("Grey Heron"). A label for people: 4,096 names, so it identifies nobody. */
export function peerName(peerId: PeerId): string {
  const [first = 0, second = 0] = sha256(utf8Encode(peerId))
  return `${qualities[first & 63]} ${animals[second & 63]}`
}
