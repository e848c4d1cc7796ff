// @ts-check
/**
 * The words of the code that two people compare: 256, so each stands for a byte (`code.js`).
 *
 * Chosen for this: nouns for things that one can point at, told apart by ear over a bad line, with nothing in them
 * that would be unkind to read out in a session (no bodies, harm, illness, family, faith, drugs or drink). No two begin
 * with the same four letters, and it takes three changed letters to make one into another. The order is part of
 * the protocol: two pages with different lists show different words.
 */
export const WORDS = /** @type {readonly string[]} */ (
  `
    airport airship anchor apple apricot avenue avocado backpack badger bakery balloon bamboo banana bathtub
    bicycle biscuit blossom bluebell bookcase bracelet breeze brick broccoli button cabbage cactus camel canary
    candle caravan cardigan carpet ceramic chair chimney chipmunk cinnamon circle clarinet cloud clover coconut
    compass concrete corridor cottage cricket cupboard cushion daffodil denim diamond dolphin domino donkey
    doorbell dragon dresser drizzle dynamo eclipse elephant emerald engine envelope fabric feather fennel fiddle
    flamingo flute football forest fossil galaxy gallery garage garden garlic giraffe glacier glitter gondola
    goose granite guitar hallway hammock hamster harbour harvest hatbox hazelnut hedgehog helmet hexagon hinge
    horizon hotel iceberg igloo iguana impala inkwell island jaguar jigsaw jukebox jungle kangaroo kayak kettle
    keyboard kimono kiosk kitten koala ladybird lagoon lantern laptop laundry lavender lentil leopard lettuce
    library lilac lilypad lobster locker mackerel magnet magpie mailbox mandolin mango marble marigold meadow
    meerkat melody meteor mosaic mountain museum napkin narwhal nectar noodle notebook nutshell nylon oatmeal
    ocean octopus omelette onion orange orchid oregano ostrich painting palace pancake panda parasol parrot
    pavement pebble pelican pendulum penguin piano picture platypus popcorn postcard pottery pretzel puffin
    pumpkin puppet puzzle pyramid rabbit raccoon radish rainbow reindeer rhubarb ribbon rowboat ruler runway
    saffron sailboat sandpit sapphire saucer scarf scooter seagull seahorse seesaw silver skate slipper sofa
    spatula spinach spiral sponge squirrel stadium stapler starfish stencil suitcase sunrise swan teapot tennis
    terrace theatre thistle tiger tomato tortoise toucan tractor triangle trolley trophy tulip ukulele umbrella
    vacuum vanilla varnish veranda village violin waffle wallet walrus wardrobe willow windmill wombat woodland
    workshop yacht yogurt zebra zigzag
  `
    .trim()
    .split(/\s+/)
);
