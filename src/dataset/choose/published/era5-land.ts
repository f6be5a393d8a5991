import { alike, type PublishedAsset } from './band.js';

/** A tenth of a degree at the equator. */
const metres = 11_132;

/** Names and units: Google's Earth Engine catalogue, ECMWF/ERA5_LAND/MONTHLY_AGGR. */
export const ERA5_LAND_MONTHLY: PublishedAsset = {
  title: 'ERA5-Land, monthly',
  bands: {
    ...alike(
      {
        dewpoint_temperature_2m: 'Dew point at 2 m',
        temperature_2m: 'Air temperature at 2 m',
        temperature_2m_min: 'Least air temperature at 2 m',
        temperature_2m_max: 'Greatest air temperature at 2 m',
        skin_temperature: 'Skin temperature',
        soil_temperature_level_1: 'Soil temperature, 0 to 7 cm',
        soil_temperature_level_2: 'Soil temperature, 7 to 28 cm',
        soil_temperature_level_3: 'Soil temperature, 28 to 100 cm',
        soil_temperature_level_4: 'Soil temperature, 100 to 289 cm',
      },
      { units: 'K', metres },
    ),
    ...alike(
      {
        snow_depth: 'Snow depth',
        snow_depth_water_equivalent: 'Snow depth, water equivalent',
        snowfall_sum: 'Snowfall, water equivalent',
        snowmelt_sum: 'Snowmelt, water equivalent',
        runoff_sum: 'Runoff',
        total_evaporation_sum: 'Evaporation, water equivalent',
        total_precipitation_sum: 'Precipitation',
      },
      { units: 'm', metres },
    ),
    ...alike(
      {
        volumetric_soil_water_layer_1: 'Soil water, 0 to 7 cm',
        volumetric_soil_water_layer_2: 'Soil water, 7 to 28 cm',
        volumetric_soil_water_layer_3: 'Soil water, 28 to 100 cm',
        volumetric_soil_water_layer_4: 'Soil water, 100 to 289 cm',
      },
      { units: 'm3 m-3', metres },
    ),
    ...alike(
      {
        u_component_of_wind_10m: 'Wind at 10 m, eastward',
        v_component_of_wind_10m: 'Wind at 10 m, northward',
      },
      { units: 'm s-1', metres },
    ),
    surface_pressure: { longName: 'Surface pressure', units: 'Pa', metres },
    ...alike(
      {
        surface_net_solar_radiation_sum: 'Net solar radiation',
        surface_solar_radiation_downwards_sum: 'Solar radiation downwards',
        surface_thermal_radiation_downwards_sum: 'Thermal radiation downwards',
      },
      { units: 'J m-2', metres },
    ),
  },
};
