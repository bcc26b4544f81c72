/* glyphs.c - "glyphs": 28 x 28 grey images of digits, two drawings each, shifted, scaled,
 * turned, sheared, thinned or thickened, of random contrast, with noise: a small image problem
 * that needs no file. */
#include "draws.h"
#include "synthetic.h"

enum { DRAWINGS = 2, ROWS = 9, COLUMNS = 7 };

static const char *const g_drawings[GLYPH_CLASSES][DRAWINGS][ROWS] = {
    {{"  ###  ",
      " #   # ",
      "#     #",
      "#     #",
      "#     #",
      "#     #",
      "#     #",
      " #   # ",
      "  ###  "},
     {"  ###  ",
      " #   # ",
      "#    ##",
      "#   # #",
      "#  #  #",
      "# #   #",
      "##    #",
      " #   # ",
      "  ###  "}},
    {{"   #   ",
      "  ##   ",
      " # #   ",
      "   #   ",
      "   #   ",
      "   #   ",
      "   #   ",
      "   #   ",
      " ##### "},
     {"   #   ",
      "   #   ",
      "   #   ",
      "   #   ",
      "   #   ",
      "   #   ",
      "   #   ",
      "   #   ",
      "   #   "}},
    {{" ####  ",
      "#    # ",
      "     # ",
      "     # ",
      "    #  ",
      "   #   ",
      "  #    ",
      " #     ",
      "#######"},
     {"  ###  ",
      " #   # ",
      "      #",
      "      #",
      "     # ",
      " ####  ",
      "#  ##  ",
      "# #  # ",
      " #    #"}},
    {{" ##### ",
      "#     #",
      "      #",
      "      #",
      "  #### ",
      "      #",
      "      #",
      "#     #",
      " ##### "},
     {"#######",
      "     # ",
      "    #  ",
      "   #   ",
      "  #### ",
      "      #",
      "      #",
      "#    # ",
      " ####  "}},
    {{"    ## ",
      "   # # ",
      "  #  # ",
      " #   # ",
      "#    # ",
      "#######",
      "     # ",
      "     # ",
      "     # "},
     {"#     #",
      "#     #",
      "#     #",
      "#     #",
      " ######",
      "      #",
      "      #",
      "      #",
      "      #"}},
    {{"#######",
      "#      ",
      "#      ",
      "#      ",
      " ####  ",
      "     # ",
      "      #",
      "#    # ",
      " ####  "},
     {" ######",
      " #     ",
      "#      ",
      "#####  ",
      "     # ",
      "      #",
      "      #",
      "     # ",
      "#####  "}},
    {{"  #### ",
      " #     ",
      "#      ",
      "#      ",
      "# ###  ",
      "##   # ",
      "#     #",
      "#     #",
      " ##### "},
     {"    #  ",
      "   #   ",
      "  #    ",
      " #     ",
      " ####  ",
      "#    # ",
      "#     #",
      " #   # ",
      "  ###  "}},
    {{"#######",
      "      #",
      "     # ",
      "     # ",
      "    #  ",
      "    #  ",
      "   #   ",
      "   #   ",
      "  #    "},
     {"#######",
      "#     #",
      "     # ",
      "    #  ",
      " ##### ",
      "   #   ",
      "  #    ",
      "  #    ",
      "  #    "}},
    {{" ##### ",
      "#     #",
      "#     #",
      "#     #",
      " ##### ",
      "#     #",
      "#     #",
      "#     #",
      " ##### "},
     {"  ###  ",
      " #   # ",
      " #   # ",
      "  # #  ",
      "   #   ",
      "  # #  ",
      " #   # ",
      " #   # ",
      "  ###  "}},
    {{" ##### ",
      "#     #",
      "#     #",
      "#    ##",
      " #### #",
      "      #",
      "      #",
      "     # ",
      " ####  "},
     {"  ###  ",
      " #   # ",
      "#     #",
      "#     #",
      " ##### ",
      "     # ",
      "     # ",
      "    #  ",
      "   #   "}},
};

/* How one image differs from its drawing. `matrix` maps a pixel's distance from the glyph's
 * middle (x, y) to the drawing's cells. */
typedef struct glyph {
    const char *const *drawing;
    double matrix[2][2];
    double middle_x, middle_y;
    double thickness;          /* ink beyond this share of a cell is full */
    double paper, ink;         /* brightness of the background and of the glyph, 0 .. 1 */
} glyph;

/* A turn by 2 atan(t) has the cosine (1 - t^2) / (1 + t^2) and the sine 2t / (1 + t^2). */
static glyph draw_glyph(draw_cursor *draws, uint32_t label)
{
    glyph g = {.drawing = g_drawings[label][draws_below(draws, DRAWINGS)]};
    double t = draws_between(draws, -0.1, 0.1);
    double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
    double across = 1 / draws_between(draws, 1.8, 2.8), down = 1 / draws_between(draws, 1.7, 2.4);
    double shear = draws_between(draws, -0.25, 0.25);
    g.matrix[0][0] = across * (cosine - shear * sine);
    g.matrix[0][1] = across * (sine + shear * cosine);
    g.matrix[1][0] = -down * sine;
    g.matrix[1][1] = down * cosine;
    g.middle_x = draws_between(draws, 11.5, 15.5);
    g.middle_y = draws_between(draws, 11.5, 15.5);
    g.thickness = draws_between(draws, 0.3, 0.7);
    g.paper = draws_between(draws, 0, 0.2);
    g.ink = g.paper + draws_between(draws, 0.4, 0.8);
    return g;
}

/* 1 where the drawing has ink, 0 elsewhere and beyond its edges. */
static double cell(const char *const *drawing, int row, int column)
{
    if (row < 0 || row >= ROWS || column < 0 || column >= COLUMNS)
        return 0;
    return drawing[row][column] == '#';
}

/* The drawing at a point between its cells, by linear interpolation. The point is within 100
 * cells. */
static double ink_at(const char *const *drawing, double row, double column)
{
    int r = (int)(row + 100) - 100, c = (int)(column + 100) - 100; /* floor */
    double down = row - r, right = column - c;
    double above = (1 - right) * cell(drawing, r, c) + right * cell(drawing, r, c + 1);
    double below = (1 - right) * cell(drawing, r + 1, c) + right * cell(drawing, r + 1, c + 1);
    return (1 - down) * above + down * below;
}

/* Nearly normal noise of mean 0 and standard deviation 1 out of 32 bits: the sum of four bytes
 * has the mean 510 and the variance 4 (256^2 - 1) / 12 = 147.8^2. */
static double byte_noise(uint32_t bits)
{
    uint32_t sum = (bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24);
    return ((double)sum - 510) / 147.8;
}

static uint8_t to_pixel(double brightness)
{
    double scaled = brightness * 255 + 0.5;
    return scaled <= 0 ? 0 : scaled >= 255 ? 255 : (uint8_t)scaled;
}

static void render(const glyph *g, double noise, const uint32_t *bits, uint8_t *ret_pixels)
{
    for (size_t y = 0; y < GLYPH_SIDE; y++) {
        for (size_t x = 0; x < GLYPH_SIDE; x++) {
            double dx = (double)x - g->middle_x, dy = (double)y - g->middle_y;
            double column = (COLUMNS - 1) / 2.0 + g->matrix[0][0] * dx + g->matrix[0][1] * dy;
            double row = (ROWS - 1) / 2.0 + g->matrix[1][0] * dx + g->matrix[1][1] * dy;
            double ink = ink_at(g->drawing, row, column) / g->thickness;
            if (ink > 1)
                ink = 1;
            double brightness = g->paper + (g->ink - g->paper) * ink;
            size_t pixel = y * GLYPH_SIDE + x;
            ret_pixels[pixel] = to_pixel(brightness + noise * byte_noise(bits[pixel]));
        }
    }
}

void synthetic_glyphs(const synthetic_recipe *recipe, fb_stream stream, data_part *part)
{
    enum { PIXELS = GLYPH_SIDE * GLYPH_SIDE };
    uint32_t bits[PIXELS];
    fb_stream shapes = fb_stream_sub(stream, "shapes", 0);
    fb_stream noise = fb_stream_sub(stream, "noise", 0);
    synthetic_balanced_labels(recipe, stream, part);
    for (size_t i = 0; i < part->count; i++) {
        draw_cursor draws = {shapes, i, 0};
        glyph g = draw_glyph(&draws, part->labels[i]);
        fb_stream_bits(noise, i, 0, PIXELS, bits);
        render(&g, recipe->noise, bits, part->u8 + i * PIXELS);
    }
}
